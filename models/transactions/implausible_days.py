"""Days that no purchase was made on: in the future, or years away from all others."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.cell_arrays import Mask

Days = npt.NDArray[np.float64]

# East of UTC the next day has begun.
AHEAD: Final = 1
MIN_ROWS: Final = 20
MAX_SHARE: Final = 0.05
MIN_GAP_DAYS: Final = 365
USUAL_GAPS: Final = 10
DAYS_OF_A_YEAR: Final = 365.25


class Implausible(NamedTuple):
    """Rows that are later than any plausible day, and the sentences that the owner should read."""

    too_late: Mask
    warnings: tuple[str, ...]


def find_implausible(name: str, days: Days, today: int | None) -> Implausible:
    """Find the days that are later than any plausible one.

    Parameters
    ----------
    name
        The column of the dates, for the warnings.
    days
        Days since 1970, one for each row; NaN where a row has none.
    today
        The current day since 1970; None takes any day for past.

    Returns
    -------
    Implausible
        Days in the future are too late, and so are, of 20 rows and more, up to a twentieth that follow the others after
        a gap of more than a year and of more than ten times the longest usual one. Days as far *before* all others are
        only named: they do not move the reference date.
    """
    future = np.zeros(days.size, np.bool_) if today is None else days > today + AHEAD
    first, last = _plausible_span(days[~future & ~np.isnan(days)])
    late = ~future & (days > last)
    early = days < first
    warnings = (
        _late_warning(name, future, ", ".join(filter(None, ("in the future", _apart(days, future, last))))),
        _late_warning(name, late, _apart(days, late, last)),
        _early_warning(name, days, early, first),
    )
    return Implausible(future | late, tuple(filter(None, warnings)))


def warn_of_leap(before: pa.Table, added: pa.Table) -> str | None:
    """Say that further transactions move the reference date by more than a year.

    Parameters
    ----------
    before, added
        The ledgers of the transactions so far, and of the further ones.
    """
    newest, later = (pc.max(ledger["last_day"]).cast(pa.int32()).as_py() for ledger in (before, added))
    if newest is None or later is None or later - newest <= MIN_GAP_DAYS:
        return None
    return (
        f"The newest of these transactions is {_years(int((later - newest) / DAYS_OF_A_YEAR) or 1)} later than all "
        "before, and moves the recency of every customer. If that is a slip, put all transactions again without it."
    )


def _plausible_span(days: Days) -> tuple[float, float]:
    """Find the first and the last day of the rows that do not stand apart."""
    if not days.size:
        return -np.inf, np.inf
    ordered = np.sort(days)
    tail = int(MAX_SHARE * days.size) if days.size >= MIN_ROWS else 0
    gaps = np.diff(ordered)
    usual = gaps[tail : gaps.size - tail].max(initial=0)
    wide = np.flatnonzero(gaps > max(MIN_GAP_DAYS, USUAL_GAPS * usual))
    before, after = wide[wide < tail], wide[wide >= gaps.size - tail]
    first = ordered[before[-1] + 1] if before.size else ordered[0]
    return first, ordered[after[0]] if after.size else ordered[-1]


def _apart(days: Days, chosen: Mask, last: float) -> str:
    """Say by how many years the chosen days follow all others; nothing for less than one."""
    years = int((days[chosen].min(initial=np.inf) - last) / DAYS_OF_A_YEAR) if chosen.any() and np.isfinite(last) else 0
    return f"{_years(years)} after all others" if years else ""


def _late_warning(name: str, chosen: Mask, where: str) -> str | None:
    if not chosen.any():
        return None
    return (
        f"{_counted(chosen)} left out: {name!r} is {where}, first in row {_first(chosen)}. All recencies would count "
        "from there; if that is right, put all transactions again with &reference= and the day to count from."
    )


def _early_warning(name: str, days: Days, chosen: Mask, first: float) -> str | None:
    if not chosen.any():
        return None
    years = max(1, int((first - days[chosen].max()) / DAYS_OF_A_YEAR))
    return (
        f"{_counted(chosen)} {_years(years)} before all others, by {name!r} first in row {_first(chosen)}, and count. "
        "If that is a slip, correct it and put all transactions again."
    )


def _counted(chosen: Mask) -> str:
    n = int(chosen.sum())
    return "1 transaction was" if n == 1 else f"{n:,} transactions were"


def _first(chosen: Mask) -> int:
    return int(np.argmax(chosen)) + 1


def _years(n: int) -> str:
    return "1 year" if n == 1 else f"{n} years"
