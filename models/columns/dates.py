"""Days as people write them."""

import re
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.cell_arrays import SPACE, Mask, ParsedCells, mask
from models.columns.month_names import LANGUAGES, is_weekday, month_number

Order = Literal["yyyy-mm-dd", "dd/mm/yyyy", "mm/dd/yyyy"]

SAMPLE: Final = 1000
MOST: Final = 0.9
EPOCH: Final = date(1970, 1, 1)
MONTHS_OF_A_YEAR: Final = 12
# Two digits from here on mean the last century, as in POSIX.
LAST_CENTURY: Final = 69
LATEST_OF_TWO_DIGITS: Final = 99
EXAMPLES: Final = (
    "2015-01-31, 31.01.2015, 31/01/2015, 01/31/2015, 31-Jan-15, 31 January 2015 and Jan 31, 2015, with month names in "
    f"{LANGUAGES}"
)

_DAY: Final = "(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH: Final = "(?:0?[1-9]|1[0-2])"
_WORD: Final = r"[A-Za-z\x{80}-\x{10FFFF}]+"  # a class of all letters makes patterns that take long to compile
_NAME: Final = rf"(?P<month>{_WORD})\.?"
_YEAR: Final = "(?:1[89]|2[01])[0-9]{2}"
_ANY_YEAR: Final = f"'?(?P<year>{_YEAR}|[0-9]{{2}})"
_ZONE: Final = r"(?: ?(?:[+-][0-9]{2}(?::?[0-9]{2})?|[A-Z]{1,5}|\[[A-Za-z_]+/[A-Za-z_]+\])){0,2}"
_HALF: Final = r"(?: ?[AaPp]\.? ?[Mm]\.?)?"
_TIME: Final = f"(?:,?[T ]+[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)?{_HALF}(?: Uhr)?{_ZONE})?"
_YEAR_MARK: Final = r"(?: ?r\.)?"  # Polish: 14.01.2015 r.
_TURNED: Final = f"(?P<first>{_DAY})[-/.] ?(?P<second>{_DAY})[-/.] ?(?P<year>{_YEAR}|[0-9]{{2}}){_YEAR_MARK}"
_PLAIN: Final = f"(?P<year>{_YEAR})[-/.](?P<month>{_MONTH})(?:[-/.](?P<day>{_DAY}))?"
_LAST_YEAR: Final = _ANY_YEAR + _YEAR_MARK
_ORDINAL: Final = "(?:st|nd|rd|th|er|e|[.º°ª])?"
_NAMED: Final = (
    rf"(?P<day>{_DAY}){_ORDINAL}[-/., ]{{0,3}}(?:(?:de|of) )?{_NAME}[-/., ]{{0,3}}(?:(?:del?|of) )?{_LAST_YEAR}",
    rf"{_NAME}[-/ ]{{0,2}}(?P<day>{_DAY})(?:st|nd|rd|th)?[-/., ]{{1,3}}{_ANY_YEAR}",
    rf"(?P<year>{_YEAR})[-/. ]{{1,2}}{_NAME}[-/. ]{{1,2}}(?P<day>{_DAY})",
    rf"{_NAME}(?: del?)?[-/ ]{{1,2}}(?P<year>{_YEAR})(?P<day>)",
)
_WEEKDAY: Final = rf"^(?P<weekday>{_WORD}(?:-feira)?)[., ]{{1,3}}(?P<rest>[^0-9]*[0-9].*)$"
_IN_DIGITS, _WITH_NAMES = (re.sub(r"\?P<\w+>", "?:", "|".join(forms)) for forms in ((_PLAIN, _TURNED), _NAMED))

_Numbers = npt.NDArray[np.float64]


class DateOrder(NamedTuple):
    """In which order the days of a column are written, and what had to be chosen to decide it."""

    order: Order
    doubt: str | None = None


def are_dates(texts: pa.Array) -> bool:
    """Tell whether texts are dates, with times of the day or without, by the first thousand of them."""
    sample = texts.drop_null()[:SAMPLE]
    if not len(sample):
        return False
    if _share(sample, _whole(_IN_DIGITS)) >= MOST:
        return True
    if _share(sample, f"{_whole(_IN_DIGITS)}|{_whole(_WITH_NAMES)}|{_WEEKDAY}") < MOST:
        return False
    read = read_days(sample, find_order(sample).order)  # only this knows the names of months from other words
    return bool(mask(read.values.is_valid()).mean() >= MOST)


def find_order(values: pa.Array) -> DateOrder:
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
        return DateOrder("yyyy-mm-dd")
    day_first, month_first = (int(np.count_nonzero(only)) for only in _one_way_only(turned))
    if day_first == month_first == 0 and not _has_dots(values):
        return DateOrder("dd/mm/yyyy", "Nothing tells whether day or month comes first; the day is taken to.")
    return DateOrder("dd/mm/yyyy" if day_first >= month_first else "mm/dd/yyyy")


def mark_contradictions(values: pa.Array, order: Order) -> Mask:
    """Mark the dates that can only be read in the other order than the one of their column.

    Parameters
    ----------
    values
        Texts.
    order
        What stands first in the column.

    Returns
    -------
    ndarray of bool
        For ``dd/mm/yyyy`` where only the month can come first, and the other way round; for ``yyyy-mm-dd`` nowhere.
    """
    if order == "yyyy-mm-dd":
        return np.zeros(len(values), np.bool_)
    day_first, month_first = _one_way_only(pc.extract_regex(values, _whole(_TURNED)))
    return month_first if order == "dd/mm/yyyy" else day_first


def read_days(values: pa.Array, order: Order) -> ParsedCells:
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
        Days since 1970-01-01 as float64, whatever the time of the day and its zone: the day as it is written.
    """
    if not pa.types.is_string(values.type):
        return ParsedCells(pa.nulls(len(values), pa.float64()), mask(values.is_valid()))
    days = _read_forms(values, (_PLAIN, *_reorder(order), *_NAMED))
    left = np.flatnonzero(np.isnan(days) & mask(pc.match_substring_regex(values, _WEEKDAY)))
    days[left] = _read_forms(_without_weekday(values.take(pa.array(left))), _NAMED + _reorder(order))
    blank = mask(pc.match_substring_regex(values, f"^{SPACE}*$"))
    return ParsedCells(pa.array(days, mask=np.isnan(days)), mask(values.is_valid()) & ~blank & np.isnan(days))


def mark_unknown_months(values: pa.Array) -> Mask:
    """Mark the texts that are written like dates with the name of a month, and have another word in its place."""
    unknown = np.zeros(len(values), np.bool_)
    for form in _NAMED:
        parts = pc.extract_regex(values, _whole(form))
        unknown |= mask(parts.is_valid()) & np.isnan(_months(pc.struct_field(parts, "month")))
    return unknown


def newest_day(days: pa.Array) -> str:
    """Name the newest of some days since 1970-01-01, as ``2024-12-31``."""
    return (EPOCH + timedelta(days=pc.max(days).as_py())).isoformat()


def days_before(newest: str, days: pa.Array) -> pa.Array:
    """Count the days from each day to the newest; negative where a day is later."""
    return pc.subtract(float((date.fromisoformat(newest) - EPOCH).days), days)


def _share(texts: pa.Array, pattern: str) -> float:
    return float(mask(pc.match_substring_regex(texts, pattern)).mean())


def _whole(form: str) -> str:
    return f"^{SPACE}*(?:{form}){_TIME}{SPACE}*$"


def _reorder(order: Order) -> tuple[str, ...]:
    if order == "yyyy-mm-dd":
        return ()
    first, second = ("day", "month") if order == "dd/mm/yyyy" else ("month", "day")
    return (_TURNED.replace("first", first).replace("second", second),)


def _one_way_only(turned: pa.Array) -> tuple[Mask, Mask]:
    """Mark what can only begin with the day, and what can only begin with the month."""
    first, second = (_numbers(pc.struct_field(turned, part)) > MONTHS_OF_A_YEAR for part in ("first", "second"))
    return first & ~second, second & ~first


def _has_dots(values: pa.Array) -> bool:
    return bool(mask(pc.match_substring_regex(values, rf"^{SPACE}*[0-9]{{1,2}}\. ?[0-9]{{1,2}}\.")).any())


def _without_weekday(values: pa.Array) -> pa.Array:
    """Take the names of weekdays off that stand before dates; null where the first word is none."""
    parts = pc.extract_regex(values, _WEEKDAY)
    first = pc.dictionary_encode(pc.struct_field(parts, "weekday"))
    known = pa.array([is_weekday(word) for word in first.dictionary.to_pylist()], pa.bool_())
    return pc.if_else(pc.take(known, first.indices), pc.struct_field(parts, "rest"), None)


def _read_forms(values: pa.Array, forms: tuple[str, ...]) -> _Numbers:
    """Read each text in the first form that fits; NaN where none does."""
    days = np.full(len(values), np.nan)
    for form in forms:
        left = np.flatnonzero(np.isnan(days))
        if not left.size:
            break
        days[left] = _days(pc.extract_regex(values.take(pa.array(left)), _whole(form)))
    return days


def _days(parts: pa.Array) -> _Numbers:
    """Count the days since 1970-01-01; NaN where there is no such day."""
    year = _numbers(pc.struct_field(parts, "year"))
    month = _months(pc.struct_field(parts, "month"))
    day = _numbers(_first_if_empty(pc.struct_field(parts, "day")))
    known = ~np.isnan(year) & (month <= MONTHS_OF_A_YEAR)
    months = np.where(known, (_expand_year(year) - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(known, day, 1) - 1).astype(np.int64)
    return np.where(known & (days.astype("datetime64[M]") == months), days.astype(np.int64), np.nan)


def _first_if_empty(day: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(day, ""), "1", day)


def _months(texts: pa.Array) -> _Numbers:
    """Read months in digits or by their names; NaN for any other word."""
    found = pc.dictionary_encode(texts)
    numbers = [_month(text) for text in found.dictionary.to_pylist()]
    return _floats(pc.take(pa.array(numbers, pa.float64()), found.indices))


def _month(text: str) -> int | None:
    return int(text) if text.isdecimal() else month_number(text)


def _numbers(texts: pa.Array) -> _Numbers:
    return _floats(texts.cast(pa.float64()))


def _floats(values: pa.Array) -> _Numbers:
    return np.asarray(values.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False), np.float64)


def _expand_year(year: _Numbers) -> _Numbers:
    return year + np.where(year > LATEST_OF_TWO_DIGITS, 0, np.where(year >= LAST_CENTURY, 1900, 2000))
