"""Dates stored as numbers: 20160131, 201601, Unix timestamps, and spreadsheets' serial days."""

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.columns.cell_arrays import ParsedCells, mask, numbers
from models.columns.dates import EPOCH
from models.columns.headers import is_amount_header, is_date_header, is_key_header
from models.columns.override_hints import override_json

Serial = Literal[
    "yyyymmdd",
    "yyyymm",
    "unix seconds",
    "unix milliseconds",
    "unix microseconds",
    "unix nanoseconds",
    "excel days",
]

SERIALS: Final = get_args(Serial)
SAMPLE: Final = 1000
MIN_SHARE: Final = 0.9
UNITS: Final[Mapping[Serial, float]] = {
    "unix seconds": 86_400.0,
    "unix milliseconds": 86_400e3,
    "unix microseconds": 86_400e6,
    "unix nanoseconds": 86_400e9,
}
# Excel's epoch; it treats 1900 as a leap year.
SERIAL_ORIGIN: Final = (date(1899, 12, 30) - EPOCH).days
EARLIEST_DAY: Final = (date(2000, 1, 1) - EPOCH).days
LATEST_DAY: Final = (date(2040, 1, 1) - EPOCH).days
EARLIEST_BIRTH: Final = (date(1925, 1, 1) - EPOCH).days
FIRST_MONTH: Final = 190_001
LAST_MONTH: Final = 209_912
FIRST_YEAR: Final = 1800
LAST_YEAR: Final = 2199

_Numbers = npt.NDArray[np.float64]


def find_serial(name: str, known: _Numbers) -> Serial | None:
    """Detect the unit of dates that are stored as numbers.

    Eight-digit numbers are dates if 90 % are valid calendar days, and six-digit ones if 90 % are
    months of 1900 to 2099, without the header of a key or an amount. Unix timestamps must lie
    between 2000 and 2040 and not have the header of a key or, for seconds, of an amount. Serial
    days need the header of a date.

    Parameters
    ----------
    name
        The column's header.
    known
        Its known cells in ascending order, at least one; a thousand of them decide.

    Returns
    -------
    str or None
        The unit, a value of `Column.numerals`; None if the numbers are not dates.
    """
    known = known[:: max(known.size // SAMPLE, 1)]
    if _is_majority(~np.isnan(_calendar_days(known))):
        return "yyyymmdd"
    if is_key_header(name):
        return None
    are_months = (known >= FIRST_MONTH) & (known <= LAST_MONTH) & ~np.isnan(_days(known, "yyyymm"))
    if not is_amount_header(name) and _is_majority(are_months):
        return "yyyymm"
    if _are_recent(known / UNITS["unix seconds"]):
        return "unix seconds" if is_date_header(name) or not is_amount_header(name) else None
    if is_date_header(name) and _are_recent(known + SERIAL_ORIGIN, EARLIEST_BIRTH):
        return "excel days"
    return next((form for form in UNITS if _are_recent(known / UNITS[form])), None)


def serial_warning(name: str, serial: Serial) -> str:
    """Build the warning for a column of numbers that look like dates."""
    days, amounts = (
        override_json(name, kind="numeric", numerals=serial),
        override_json(name, kind="numeric"),
    )
    return (
        f"{name!r} is ignored: its numbers look like dates ({serial}). To use the days from each "
        "to the newest, "
        f"declare it: {days}. To use them as amounts, declare it numeric: {amounts}"
    )


def read_serial_dates(values: pa.Array, form: Serial) -> ParsedCells:
    """Parse dates that are stored as numbers.

    Parameters
    ----------
    values
        Text, int64 or float64.
    form
        Their unit.

    Returns
    -------
    ParsedCells
        Days since 1970-01-01 as float64; null where a cell is missing or invalid.
    """
    read = numbers(values)
    days = _days(np.asarray(read.values.fill_null(np.nan).to_numpy(zero_copy_only=False)), form)
    return ParsedCells(
        pa.array(days, mask=np.isnan(days)),
        read.wrong | (mask(read.values.is_valid()) & np.isnan(days)),
    )


def _days(x: _Numbers, form: Serial) -> _Numbers:
    if form == "yyyymmdd":
        return _calendar_days(x)
    if form == "yyyymm":
        months = np.where(np.abs(x) < (LAST_YEAR + 1) * 100, x, np.nan)  # others may overflow
        return _calendar_days(100 * months + 1)
    days = np.floor(x) + SERIAL_ORIGIN if form == "excel days" else np.floor(x / UNITS[form])
    first, last = ((date(year, 1, 1) - EPOCH).days for year in (FIRST_YEAR, LAST_YEAR))
    return np.where((days >= first) & (days <= last), days, np.nan)


def _calendar_days(x: _Numbers) -> _Numbers:
    """Convert numbers such as 20160131 to days since 1970-01-01.

    NaN for a day that does not exist.
    """
    is_written = (x >= FIRST_YEAR * 10_000) & (x < (LAST_YEAR + 1) * 10_000) & (np.floor(x) == x)
    written = np.where(is_written, x, 0).astype(np.int64)
    year, month, day = written // 10_000, written // 100 % 100, written % 100
    is_month = is_written & (month >= 1) & (month <= 12)  # noqa: PLR2004 - a year has twelve
    months = np.where(is_month, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    is_day = is_month & (days.astype("datetime64[M]") == months)
    return np.where(is_day, days.astype(np.int64), np.nan)


def _are_recent(days: _Numbers, earliest: int = EARLIEST_DAY) -> bool:
    return _is_majority((days >= earliest) & (days < LATEST_DAY))


def _is_majority(chosen: npt.NDArray[np.bool_]) -> bool:
    return bool(chosen.mean() >= MIN_SHARE)
