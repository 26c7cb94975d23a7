"""Date parsing: numeric orders, month names in several languages, times and weekdays."""

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
MIN_SHARE: Final = 0.9
EPOCH: Final = date(1970, 1, 1)
MONTHS_PER_YEAR: Final = 12
# Two-digit years from here on are of the last century, as in POSIX.
CENTURY_PIVOT: Final = 69
MAX_TWO_DIGITS: Final = 99
EXAMPLES: Final = (
    "2015-01-31, 31.01.2015, 31/01/2015, 01/31/2015, 31-Jan-15, 31 January 2015 and Jan 31, 2015, "
    f"with month names in {LANGUAGES}"
)

_DAY: Final = "(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH: Final = "(?:0?[1-9]|1[0-2])"
_WORD: Final = r"[A-Za-z\x{80}-\x{10FFFF}]+"  # \pL would make the patterns slow to compile
_NAME: Final = rf"(?P<month>{_WORD})\.?"
_YEAR: Final = "(?:1[89]|2[01])[0-9]{2}"
_ANY_YEAR: Final = f"'?(?P<year>{_YEAR}|[0-9]{{2}})"
_ZONE: Final = r"(?: ?(?:[+-][0-9]{2}(?::?[0-9]{2})?|[A-Z]{1,5}|\[[A-Za-z_]+/[A-Za-z_]+\])){0,2}"
_HALF: Final = r"(?: ?[AaPp]\.? ?[Mm]\.?)?"
_TIME: Final = (
    f"(?:,?[T ]+[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)?{_HALF}(?: Uhr)?{_ZONE})?"
)
_YEAR_MARK: Final = r"(?: ?r\.)?"  # Polish: 14.01.2015 r.
_DAY_OR_MONTH_FIRST: Final = (
    f"(?P<first>{_DAY})[-/.] ?(?P<second>{_DAY})[-/.] ?(?P<year>{_YEAR}|[0-9]{{2}}){_YEAR_MARK}"
)
_YEAR_FIRST: Final = f"(?P<year>{_YEAR})[-/.](?P<month>{_MONTH})(?:[-/.](?P<day>{_DAY}))?"
_MONTH_FIRST: Final = f"(?P<month>{_MONTH})[-/](?P<year>{_YEAR})(?P<day>)"
_LAST_YEAR: Final = _ANY_YEAR + _YEAR_MARK
_ORDINAL: Final = "(?:st|nd|rd|th|er|e|[.º°ª])?"
_NAMED: Final = (
    (
        rf"(?P<day>{_DAY}){_ORDINAL}[-/., ]{{0,3}}(?:(?:de|of) )?{_NAME}"
        rf"[-/., ]{{0,3}}(?:(?:del?|of) )?{_LAST_YEAR}"
    ),
    rf"{_NAME}[-/ ]{{0,2}}(?P<day>{_DAY})(?:st|nd|rd|th)?[-/., ]{{1,3}}{_ANY_YEAR}",
    rf"(?P<year>{_YEAR})[-/. ]{{1,2}}{_NAME}[-/. ]{{1,2}}(?P<day>{_DAY})",
    rf"{_NAME}(?: del?)?[-/ ]{{1,2}}(?P<year>{_YEAR})(?P<day>)",
)
_WEEKDAY: Final = rf"^(?P<weekday>{_WORD}(?:-feira)?)[., ]{{1,3}}(?P<rest>[^0-9]*[0-9].*)$"
_IN_DIGITS, _WITH_NAMES = (
    re.sub(r"\?P<\w+>", "?:", "|".join(forms))
    for forms in ((_YEAR_FIRST, _MONTH_FIRST, _DAY_OR_MONTH_FIRST), _NAMED)
)

_Numbers = npt.NDArray[np.float64]


class DateOrder(NamedTuple):
    """The order of day, month and year in a column, and a doubt if the cells are ambiguous."""

    order: Order
    doubt: str | None = None


def are_dates(texts: pa.Array) -> bool:
    """Check whether texts are dates, with or without times, by the first thousand of them."""
    sample = texts.drop_null()[:SAMPLE]
    if not len(sample):
        return False
    if _match_share(sample, _full_pattern(_IN_DIGITS)) >= MIN_SHARE:
        return True
    if (
        _match_share(sample, f"{_full_pattern(_IN_DIGITS)}|{_full_pattern(_WITH_NAMES)}|{_WEEKDAY}")
        < MIN_SHARE
    ):
        return False
    read = read_days(sample, find_order(sample).order)  # the patterns accept any word as a month
    return bool(mask(read.values.is_valid()).mean() >= MIN_SHARE)


def find_order(values: pa.Array) -> DateOrder:
    """Detect whether a column writes the day or the month first.

    If the cells allow both, choose the day.

    Parameters
    ----------
    values
        Texts; those that are not dates are skipped.

    Returns
    -------
    DateOrder
        The order that fits more cells; ``yyyy-mm-dd`` if the year always comes first or months are
        named.
    """
    turned = pc.extract_regex(values, _full_pattern(_DAY_OR_MONTH_FIRST)).drop_null()
    if not len(turned):
        return DateOrder("yyyy-mm-dd")
    day_first, month_first = (int(np.count_nonzero(only)) for only in _find_definite_orders(turned))
    if day_first == month_first == 0 and not _has_dots(values):
        return DateOrder(
            "dd/mm/yyyy", "Day and month may be swapped; the day is assumed to come first."
        )
    return DateOrder("dd/mm/yyyy" if day_first >= month_first else "mm/dd/yyyy")


def find_order_conflicts(values: pa.Array, order: Order) -> Mask:
    """Mark the dates that are valid only in the opposite order of their column.

    Parameters
    ----------
    values
        Texts.
    order
        The order of the column.

    Returns
    -------
    ndarray of bool
        For ``dd/mm/yyyy`` where only the month can come first, and vice versa; all False for
        ``yyyy-mm-dd``.
    """
    if order == "yyyy-mm-dd":
        return np.zeros(len(values), np.bool_)
    day_first, month_first = _find_definite_orders(
        pc.extract_regex(values, _full_pattern(_DAY_OR_MONTH_FIRST))
    )
    return month_first if order == "dd/mm/yyyy" else day_first


def read_days(values: pa.Array, order: Order) -> ParsedCells:
    """Parse dates: unambiguous ones in any form, the others in the order of the column.

    Parameters
    ----------
    values
        Text, int64 or float64; numbers are invalid.
    order
        The order of the column; ``yyyy-mm-dd`` makes dates that begin with day or month invalid.

    Returns
    -------
    ParsedCells
        Days since 1970-01-01 as float64: the calendar day as written, without its time and time
        zone.
    """
    if not pa.types.is_string(values.type):
        return ParsedCells(pa.nulls(len(values), pa.float64()), mask(values.is_valid()))
    days = _read_forms(values, (_YEAR_FIRST, *_ordered_forms(order), _MONTH_FIRST, *_NAMED))
    left = np.flatnonzero(np.isnan(days) & mask(pc.match_substring_regex(values, _WEEKDAY)))
    days[left] = _read_forms(
        _without_weekday(values.take(pa.array(left))), _NAMED + _ordered_forms(order)
    )
    blank = mask(pc.match_substring_regex(values, f"^{SPACE}*$"))
    return ParsedCells(
        pa.array(days, mask=np.isnan(days)), mask(values.is_valid()) & ~blank & np.isnan(days)
    )


def mark_unknown_months(values: pa.Array) -> Mask:
    """Mark the texts in the form of a date with a month name whose month is unknown."""
    unknown = np.zeros(len(values), np.bool_)
    for form in _NAMED:
        parts = pc.extract_regex(values, _full_pattern(form))
        unknown |= mask(parts.is_valid()) & np.isnan(_months(pc.struct_field(parts, "month")))
    return unknown


def newest_day(days: pa.Array) -> str:
    """Return the newest of some days since 1970-01-01 as an ISO date."""
    return (EPOCH + timedelta(days=pc.max(days).as_py())).isoformat()


def days_before(newest: str, days: pa.Array) -> pa.Array:
    """Compute the days from each day to the newest; negative for later days."""
    return pc.subtract(float((date.fromisoformat(newest) - EPOCH).days), days)


def _match_share(texts: pa.Array, pattern: str) -> float:
    return float(mask(pc.match_substring_regex(texts, pattern)).mean())


def _full_pattern(form: str) -> str:
    return f"^{SPACE}*(?:{form}){_TIME}{SPACE}*$"


def _ordered_forms(order: Order) -> tuple[str, ...]:
    if order == "yyyy-mm-dd":
        return ()
    first, second = ("day", "month") if order == "dd/mm/yyyy" else ("month", "day")
    return (_DAY_OR_MONTH_FIRST.replace("first", first).replace("second", second),)


def _find_definite_orders(turned: pa.Array) -> tuple[Mask, Mask]:
    """Mark the dates that must begin with the day, and those that must begin with the month."""
    first, second = (
        _numbers(pc.struct_field(turned, part)) > MONTHS_PER_YEAR for part in ("first", "second")
    )
    return first & ~second, second & ~first


def _has_dots(values: pa.Array) -> bool:
    return bool(
        mask(pc.match_substring_regex(values, rf"^{SPACE}*[0-9]{{1,2}}\. ?[0-9]{{1,2}}\.")).any()
    )


def _without_weekday(values: pa.Array) -> pa.Array:
    """Strip the weekday before a date; null if the first word is not a weekday."""
    parts = pc.extract_regex(values, _WEEKDAY)
    first = pc.dictionary_encode(pc.struct_field(parts, "weekday"))
    known = pa.array([is_weekday(word) for word in first.dictionary.to_pylist()], pa.bool_())
    return pc.if_else(pc.take(known, first.indices), pc.struct_field(parts, "rest"), None)


def _read_forms(values: pa.Array, forms: tuple[str, ...]) -> _Numbers:
    """Parse each text by the first matching form; NaN without a match."""
    days = np.full(len(values), np.nan)
    for form in forms:
        left = np.flatnonzero(np.isnan(days))
        if not left.size:
            break
        days[left] = _days(pc.extract_regex(values.take(pa.array(left)), _full_pattern(form)))
    return days


def _days(parts: pa.Array) -> _Numbers:
    """Compute days since 1970-01-01 from regex groups; NaN for a day that does not exist."""
    year = _numbers(pc.struct_field(parts, "year"))
    month = _months(pc.struct_field(parts, "month"))
    day_text = pc.struct_field(parts, "day")
    # A date without a day stands for the first of its month.
    day = _numbers(pc.if_else(pc.equal(day_text, ""), "1", day_text))
    known = ~np.isnan(year) & (month <= MONTHS_PER_YEAR)
    century = np.where(year > MAX_TWO_DIGITS, 0, np.where(year >= CENTURY_PIVOT, 1900, 2000))
    since_1970 = (century + year - 1970) * 12 + month - 1
    months = np.where(known, since_1970, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(known, day, 1) - 1).astype(np.int64)
    return np.where(known & (days.astype("datetime64[M]") == months), days.astype(np.int64), np.nan)


def _months(texts: pa.Array) -> _Numbers:
    """Parse months in digits or by name; NaN for an unknown word."""
    found = pc.dictionary_encode(texts)
    numbers = [_month(text) for text in found.dictionary.to_pylist()]
    return _to_float_array(pc.take(pa.array(numbers, pa.float64()), found.indices))


def _month(text: str) -> int | None:
    return int(text) if text.isdecimal() else month_number(text)


def _numbers(texts: pa.Array) -> _Numbers:
    return _to_float_array(texts.cast(pa.float64()))


def _to_float_array(values: pa.Array) -> _Numbers:
    return np.asarray(
        values.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False), np.float64
    )
