"""`python -m bench.growth`.

By which power of the number of customers the cost grows, in a table and in a plot.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from bench.apart import Taken, Work, draw_points, show_taken
from bench.document import DOCUMENT
from bench.markdown import say
from bench.rounds import MEDIANS, ROUNDS
from models.algorithms.hierarchical import EXACT_UP_TO
from models.charts.layout import layout_chart
from models.charts.spec import Axis, Chart, Entry, Line, Mark, Panel, Points
from models.charts.svg import to_svg
from models.charts.theme import LOOKS
from models.charts.ticks import number

D, K, APART = 8, 8, 3.0
FEW: Final = (2_000, 20_000, 200_000, 2_000_000)
MOST: Final = 10_000_000
PLOT: Final = DOCUMENT.with_name("growth.svg")
ALGORITHMS: Final = (
    "from models.precompile import warm_up; warm_up(); from models.algorithms "
    "import Hierarchical, KMeans"
)
LEARN: Final = "{}().learn(points, k=8, seed=0)"
WHOLE: Final = f"""{ALGORITHMS}
import pandas as pd
from models import persistence
from models.features import Feature
from models.profiling import profile_segments
from models.segmentation import fit
def learn(points):
    table = pd.DataFrame(points, columns=[f"f{{i}}" for i in range(points.shape[1])])
    features = [Feature(name=name, kind="numeric") for name in table]
    found = fit(table, features, KMeans(), k=8, seed=0)
    profile_segments(table, found.features, found.labels, k=8, seed=0)
    return persistence.dump(found.pipeline), found.scorer.to_bytes(), found.learned
"""

All = Mapping[str, Mapping[int, Sequence[Taken]]]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """What is measured at which numbers of customers; the power is that of those above `beyond`."""

    name: str
    work: Work
    sizes: Sequence[int]
    beyond: int = 0

    def power(self, taken: Mapping[int, Sequence[Taken]]) -> float:
        """Fit the power of n by least squares on logarithms."""
        sizes = [n for n in self.sizes if n > self.beyond]
        return float(np.polyfit(np.log(sizes), np.log([busy(taken[n]) for n in sizes]), 1)[0])

    def said(self, taken: Mapping[int, Sequence[Taken]]) -> str:
        """Say the power, and of which numbers of customers."""
        first = next(n for n in self.sizes if n > self.beyond)
        return (
            f"{self.name}: {self.power(taken):.2f}, from {number(first)} to "
            f"{number(self.sizes[-1])} customers"
        )


CURVES: Final = (
    Curve(
        name="hierarchical",
        work=Work(setup=ALGORITHMS, work=LEARN.format("Hierarchical"), kept="found.centers"),
        sizes=(2_000, 20_000, 50_000, 100_000, 200_000, 2_000_000, MOST),
        beyond=EXACT_UP_TO,
    ),
    Curve(
        name="K-Means, ten starts",
        work=Work(setup=ALGORITHMS, work=LEARN.format("KMeans"), kept="found.centers"),
        sizes=(*FEW, MOST),
    ),
    Curve(
        name="whole fit by K-Means",
        work=Work(setup=WHOLE, work="learn(points)", kept="found[2].centers"),
        sizes=FEW,
    ),
)


def main() -> None:
    """Measure every curve, and draw them."""
    say(MEDIANS.format(ROUNDS))
    taken = _measure()
    for curve in CURVES:
        show_taken(
            f"{curve.name}, {D} columns", {f"{n:,}": taken[curve.name][n] for n in curve.sizes}
        )
    say("\nProcessor seconds grow by this power (least squares on logarithms):\n")
    for curve in CURVES:
        say(f"- {curve.said(taken[curve.name])}")
    PLOT.write_text(to_svg(layout_chart(_chart(taken), LOOKS["light"])))
    say(
        "\n![Processor seconds against the number of customers, both on a logarithmic "
        f"scale]({PLOT.name})"
    )


def busy(taken: Sequence[Taken]) -> float:
    """Give the median of the processor seconds."""
    return median(each.busy for each in taken)


def _measure() -> All:
    """Take turns, so that what disturbs one size disturbs all."""
    taken: dict[str, dict[int, list[Taken]]] = {
        curve.name: {n: [] for n in curve.sizes} for curve in CURVES
    }
    with TemporaryDirectory() as name:
        points = {n: Path(name) / f"{n}.npy" for curve in CURVES for n in curve.sizes}
        for n, path in points.items():
            np.save(path, draw_points(n, D, K, APART))
        for _ in range(ROUNDS):
            for curve in CURVES:
                for n in curve.sizes:
                    taken[curve.name][n].append(curve.work.run(points[n], Path(name) / "kept.npy"))
    return taken


def _chart(taken: All) -> Chart:
    costs = np.array([busy(each) for of in taken.values() for each in of.values()])
    ends = np.floor(np.log10(costs.min())), np.ceil(np.log10(costs.max()))
    panel = Panel(
        x=Axis(low=3.2, high=7.1, title="customers", ticks=_powers(4, 7), grid=True),
        y=Axis(low=ends[0], high=ends[1], title="processor seconds", ticks=_powers(*ends)),
        marks=[
            mark for index, curve in enumerate(CURVES) for mark in _marks(index, taken[curve.name])
        ],
    )
    legend = [
        Entry(color=index, label=curve.said(taken[curve.name]))
        for index, curve in enumerate(CURVES)
    ]
    notes = [
        (
            "Both scales are logarithmic; the legend says by which power of n they grow. Dashed: "
            "in proportion to n."
        )
    ]
    return Chart(
        title="What a fit costs, by the number of customers",
        panels=[panel],
        legend=legend,
        notes=notes,
    )


def _marks(index: int, taken: Mapping[int, Sequence[Taken]]) -> Iterator[Mark]:
    x, y = np.log10(list(taken)), np.log10([busy(each) for each in taken.values()])
    yield Line(x=x[-2:], y=y[-1] + x[-2:] - x[-1], color="muted", width=1.2, dashed=True)
    yield Line(x=x, y=y, color=index)
    yield Points(x=x, y=y, color=index, size=8)


def _powers(low: float, high: float) -> list[tuple[float, str]]:
    return [(power, number(10.0**power)) for power in range(int(low), int(high) + 1)]


if __name__ == "__main__":
    main()
