"""Days as people write them."""

import re
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.exploration.arrow import SPACE, Reading, mask

Order = Literal["yyyy-mm-dd", "dd/mm/yyyy", "mm/dd/yyyy"]

SAMPLE: Final = 1000
MOST: Final = 0.9
EPOCH: Final = date(1970, 1, 1)
# Two digits from here on mean the last century, as in POSIX.
LAST_CENTURY: Final = 69
LATEST_OF_TWO_DIGITS: Final = 99

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY: Final = "(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH: Final = "(?:0?[1-9]|1[0-2])"
_NAME: Final = f"(?i:{'|'.join(_MONTHS)})"
_YEAR: Final = "(?:1[89]|2[01])[0-9]{2}"
_ZONE: Final = "(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
_TIME: Final = f"(?:[T ]+[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)?(?: ?[AaPp][Mm])?{_ZONE})?"
_TURNED: Final = f"(?P<first>{_DAY})[-/.](?P<second>{_DAY})[-/.](?P<year>{_YEAR}|[0-9]{{2}})"
_PLAIN: Final = (
    f"(?P<year>{_YEAR})[-/.](?P<month>{_MONTH})(?:[-/.](?P<day>{_DAY}))?",
    rf"(?P<day>{_DAY})\.?[ -](?P<month>{_NAME})[a-z]*\.?[ ,-]+(?P<year>{_YEAR})",
    rf"(?P<month>{_NAME})[a-z]*\.? (?P<day>{_DAY}),? (?P<year>{_YEAR})",
)
_ANY: Final = re.sub(r"\?P<\w+>", "?:", "|".join((*_PLAIN, _TURNED)))

_Numbers = npt.NDArray[np.float64]


class Found(NamedTuple):
    """In which order the days of a column are written, and what had to be chosen to decide it."""

    order: Order
    doubt: str | None = None


def are_dates(texts: pa.Array) -> bool:
    """Tell whether texts are dates, with times of the day or without, by the first thousand of them."""
    sample = texts.drop_null()[:SAMPLE]
    return len(sample) > 0 and bool(mask(pc.match_substring_regex(sample, _whole(_ANY))).mean() >= MOST)


def find_order(values: pa.Array) -> Found:
    """Find out whether a column writes the day or the month first; where nothing tells, the day: a choice.

    Parameters
    ----------
    values
        Texts, of which those that are no dates do not count.

    Returns
    -------
    Found
        The order that fits more cells. If the year always comes first, or the month has a name, ``yyyy-mm-dd``.
    """
    turned = pc.extract_regex(values, _whole(_TURNED)).drop_null()
    if not len(turned):
        return Found("yyyy-mm-dd")
    first, second = (_numbers(pc.struct_field(turned, part)) for part in ("first", "second"))
    day_first, month_first = np.count_nonzero(first > len(_MONTHS)), np.count_nonzero(second > len(_MONTHS))
    if day_first == month_first == 0 and not _has_dots(values):
        return Found("dd/mm/yyyy", "Nothing tells whether day or month comes first; the day is taken to.")
    return Found("dd/mm/yyyy" if day_first >= month_first else "mm/dd/yyyy")


def read_days(values: pa.Array, order: Order) -> Reading:
    """Read dates, in any order that is plain by itself, or else in the order of the column.

    Parameters
    ----------
    values
        Text, int64 or float64; numbers are no dates.
    order
        What stands first; with ``yyyy-mm-dd`` a date that begins with day or month is wrong.

    Returns
    -------
    Reading
        Days since 1970-01-01 as float64, whatever the time of the day and its zone.
    """
    if not pa.types.is_string(values.type):
        return Reading(pa.nulls(len(values), pa.float64()), mask(values.is_valid()))
    days = np.full(len(values), np.nan)
    for form in (*_PLAIN, *_turned(order)):
        days = np.where(np.isnan(days), _days(pc.extract_regex(values, _whole(form))), days)
    blank = mask(pc.match_substring_regex(values, f"^{SPACE}*$"))
    return Reading(pa.array(days, mask=np.isnan(days)), mask(values.is_valid()) & ~blank & np.isnan(days))


def newest_day(days: pa.Array) -> str:
    """Name the newest of some days since 1970-01-01, as ``2024-12-31``."""
    return (EPOCH + timedelta(days=pc.max(days).as_py())).isoformat()


def days_before(newest: str, days: pa.Array) -> pa.Array:
    """Count the days from each day to the newest; negative where a day is later."""
    return pc.subtract(float((date.fromisoformat(newest) - EPOCH).days), days)


def _whole(form: str) -> str:
    return f"^{SPACE}*(?:{form}){_TIME}{SPACE}*$"


def _turned(order: Order) -> tuple[str, ...]:
    if order == "yyyy-mm-dd":
        return ()
    first, second = ("day", "month") if order == "dd/mm/yyyy" else ("month", "day")
    return (_TURNED.replace("first", first).replace("second", second),)


def _has_dots(values: pa.Array) -> bool:
    return bool(mask(pc.match_substring_regex(values, rf"^{SPACE}*[0-9]{{1,2}}\.[0-9]{{1,2}}\.")).any())


def _days(parts: pa.Array) -> _Numbers:
    """Count the days since 1970-01-01; NaN where there is no such day."""
    year, month, day = (_part(parts, name) for name in ("year", "month", "day"))
    known = ~np.isnan(year) & (month <= len(_MONTHS))
    months = np.where(known, (_century(year) - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(known, day, 1) - 1).astype(np.int64)
    return np.where(known & (days.astype("datetime64[M]") == months), days.astype(np.int64), np.nan)


def _part(parts: pa.Array, name: str) -> _Numbers:
    texts = pc.struct_field(parts, name)
    if name == "month":
        named = pc.index_in(pc.utf8_lower(texts), pa.array(_MONTHS))
        return np.where(mask(named.is_valid()), _floats(named) + 1, _numbers(_digits(texts)))
    if name == "day":
        return _numbers(pc.if_else(pc.equal(texts, ""), "1", texts))
    return _numbers(texts)


def _digits(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.ascii_is_alpha(texts), None, texts)


def _numbers(texts: pa.Array) -> _Numbers:
    return _floats(texts.cast(pa.float64()))


def _floats(values: pa.Array) -> _Numbers:
    return np.asarray(values.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False), np.float64)


def _century(year: _Numbers) -> _Numbers:
    return year + np.where(year > LATEST_OF_TWO_DIGITS, 0, np.where(year >= LAST_CENTURY, 1900, 2000))
