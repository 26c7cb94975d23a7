"""What a soak reached, as a table at its end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

HEADER = ("times", "worst", "wanted", "")


@dataclass(frozen=True)
class Reached:
    """The worst of what was seen, each time that it was tried, and the most that it should be."""

    what: str
    times: int
    worst: float
    at_most: float

    def __add__(self, other: "Reached") -> "Reached":
        return Reached(
            self.what, self.times + other.times, max(self.worst, other.worst), self.at_most
        )

    def cells(self) -> tuple[str, ...]:
        verdict = "" if self.worst <= self.at_most else "BEYOND"
        return f"{self.times:,}", f"{self.worst:,.3g}", f"≤ {self.at_most:,g}", verdict


Tell = Callable[..., None]


@pytest.fixture
def reached(record_property) -> Tell:
    """Tell what was reached by trying something once, or `times` over.

    A worker of xdist hands it on.
    """

    def tell(what: str, worst: float, *, at_most: float = 0, times: int = 1) -> None:
        record_property(Reached.__name__, (what, times, float(worst), float(at_most)))

    return tell


def pytest_terminal_summary(terminalreporter, config) -> None:
    """Print the table."""
    rows = summed(reports(terminalreporter))
    if not (rows and config.getoption("--soak")):
        return
    terminalreporter.section("what the soak reached")
    width = max(len(row.what) for row in rows)
    for what, cells in [("", HEADER), *((row.what, row.cells()) for row in rows)]:
        times, worst, wanted, verdict = cells
        terminalreporter.write_line(
            f"{what:<{width}}  {times:>7}  {worst:>8}  {wanted:>8}  {verdict}".rstrip()
        )


def reports(terminalreporter) -> Iterable[Reached]:
    """Read what the tests have told, those that failed, too."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            yield from (
                Reached(*told) for name, told in report.user_properties if name == Reached.__name__
            )


def summed(told: Iterable[Reached]) -> list[Reached]:
    """Sum up what was told of the same, in the order of its name."""
    rows: dict[str, Reached] = {}
    for one in told:
        rows[one.what] = rows[one.what] + one if one.what in rows else one
    return [rows[what] for what in sorted(rows)]
