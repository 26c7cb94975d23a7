"""Detection of implausible dates: in the future, or years away from all others."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.cell_arrays import Mask

Days = npt.NDArray[np.float64]

# In time zones east of UTC the next day may have begun.
MAX_DAYS_AHEAD: Final = 1
MIN_ROWS: Final = 20
MAX_SHARE: Final = 0.05
MIN_GAP_DAYS: Final = 365
MIN_GAP_RATIO: Final = 10  # to the longest usual gap, as a table may have few days
DAYS_PER_YEAR: Final = 365.25


class ImplausibleDays(NamedTuple):
    """A mask of rows after the last plausible day, and warnings."""

    too_late: Mask
    warnings: tuple[str, ...]


def find_implausible_days(name: str, days: Days, today: int | None) -> ImplausibleDays:
    """Find implausible days, and mark those after the last plausible day.

    Parameters
    ----------
    name
        The header of the dates, for warnings.
    days
        Days since 1970, one per row; NaN if missing.
    today
        The current day since 1970; None disables the check for future days.

    Returns
    -------
    ImplausibleDays
        Days in the future are too late. In tables of at least 20 rows so are up to 5 % of the rows
        that follow all others after a gap of more than a year and more than ten times the longest
        usual gap. Days as far *before* all others only cause a warning: they do not move the
        reference date.
    """
    future = np.zeros(days.size, np.bool_) if today is None else days > today + MAX_DAYS_AHEAD
    first, last = _plausible_span(days[~future & ~np.isnan(days)])
    late = ~future & (days > last)
    early = days < first
    warnings = (
        _late_warning(
            name,
            future,
            ", ".join(filter(None, ("in the future", _distance_phrase(days, future, last)))),
        ),
        _late_warning(name, late, _distance_phrase(days, late, last)),
        _early_warning(name, days, early, first),
    )
    return ImplausibleDays(future | late, tuple(filter(None, warnings)))


def warn_of_leap(before: pa.Table, added: pa.Table) -> str | None:
    """Warn if further transactions move the reference date by more than a year.

    Parameters
    ----------
    before, added
        The ledgers of the existing and of the new transactions.
    """
    newest, later = (
        pc.max(ledger["last_day"]).cast(pa.int32()).as_py() for ledger in (before, added)
    )
    if newest is None or later is None or later - newest <= MIN_GAP_DAYS:
        return None
    years = int((later - newest) / DAYS_PER_YEAR) or 1
    return (
        f"The newest of these transactions is {_format_years(years)} later than all "
        "before, and moves the recency of every customer. If it is a mistake, upload all "
        "transactions again without it."
    )


def _plausible_span(days: Days) -> tuple[float, float]:
    """Return the first and the last day that are not separated from the others by a wide gap."""
    if not days.size:
        return -np.inf, np.inf
    ordered = np.sort(days)
    tail = int(MAX_SHARE * days.size) if days.size >= MIN_ROWS else 0
    gaps = np.diff(ordered)
    usual = gaps[tail : gaps.size - tail].max(initial=0)
    wide = np.flatnonzero(gaps > max(MIN_GAP_DAYS, MIN_GAP_RATIO * usual))
    before, after = wide[wide < tail], wide[wide >= gaps.size - tail]
    first = ordered[before[-1] + 1] if before.size else ordered[0]
    return first, ordered[after[0]] if after.size else ordered[-1]


def _distance_phrase(days: Days, chosen: Mask, last: float) -> str:
    """Return the phrase for the years between the chosen days and all others.

    Empty for less than one.
    """
    years = (
        int((days[chosen].min(initial=np.inf) - last) / DAYS_PER_YEAR)
        if chosen.any() and np.isfinite(last)
        else 0
    )
    return f"{_format_years(years)} after all others" if years else ""


def _late_warning(name: str, chosen: Mask, position: str) -> str | None:
    if not chosen.any():
        return None
    return (
        f"{format_transactions(int(chosen.sum()))} left out: {name!r} is {position}, first in row "
        f"{_first_row(chosen)}. All recencies would count from there; if the date is right, upload "
        "all transactions again with &reference= and the day to count from."
    )


def _early_warning(name: str, days: Days, chosen: Mask, first: float) -> str | None:
    if not chosen.any():
        return None
    years = max(1, int((first - days[chosen].max()) / DAYS_PER_YEAR))
    return (
        f"{format_transactions(int(chosen.sum()))} {_format_years(years)} before all others, by "
        f"{name!r} first in row {_first_row(chosen)}, and count. If it is a mistake, correct it "
        "and upload all transactions again."
    )


def format_transactions(n: int) -> str:
    """Return the subject of a warning about so many transactions."""
    return "1 transaction was" if n == 1 else f"{n:,} transactions were"


def _first_row(chosen: Mask) -> int:
    return int(np.argmax(chosen)) + 1


def _format_years(n: int) -> str:
    return "1 year" if n == 1 else f"{n} years"
