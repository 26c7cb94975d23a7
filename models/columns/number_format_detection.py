"""Detection of a column's number format: thousands separator, decimal mark and unit."""

from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from models.columns.column import Kind
from models.columns.number_formats import MARKS, NumberFormat, matches, split_cells

SAMPLE: Final = 1000
MIN_DOTS: Final = 5

_AMBIGUOUS: Final = {
    mark: rf"^(?:[0-9]{{1,3}}|[1-9][0-9]{{0,2}}{MARKS[mark]}[0-9]{{3}})$" for mark in ",."
}
_DECIMALS: Final = "Each {mark!r} is taken for a decimal mark, but might group thousands."
_THOUSANDS: Final = "Each {mark!r} is taken to group thousands, but might be a decimal mark."


class DetectedFormat(NamedTuple):
    """The number format of a column, and a doubt if its cells do not determine it."""

    numerals: NumberFormat
    doubt: str | None = None


def detect_number_format(values: pa.Array, *, decimal_comma: bool = False) -> DetectedFormat | None:
    """Detect the one number format that fits every cell that could be a number.

    If only one kind of separator occurs, it is the decimal mark unless three digits always follow.
    If they do (``1,234``), the format is ambiguous: the separator is taken for thousands, unless a
    number contradicts that (``0,123``, ``1234``), the unit is percent, or it is a dot without a
    currency; `doubt` describes the choice. With `decimal_comma`, an ambiguous comma is the decimal
    mark and an ambiguous dot the thousands separator.

    Parameters
    ----------
    values
        Texts; those that are not numbers in any format are skipped.

    Returns
    -------
    DetectedFormat or None
        None without numbers, with mixed units, or if no single format fits all numbers.
    """
    parts = split_cells(values)
    written, unit = parts.number.drop_null(), _common_unit(parts.unit.drop_null())
    if unit is None or not len(written):
        return None
    found = _detect_separators(written, unit, decimal_comma=decimal_comma)
    return found if found is not None and found.numerals.fits(written) else None


def ambiguous_format_warning(column: pa.ChunkedArray) -> str | None:
    """Warn of plain numbers with at least five dots, each followed by three digits.

    They may be thousands.
    """
    return _DECIMALS.format(mark=".") if may_be_grouped(column, MIN_DOTS) else None


def several_formats_warning(name: str, kind: Kind) -> str:
    """Build the warning for numbers of several formats or units."""
    outcome = "read as categories" if kind == "categorical" else kind
    return (
        f"{name!r} holds numbers with different separators or units, and is {outcome}. To use them "
        "as amounts, write all of them alike, such as 1234.56."
    )


def may_be_grouped(column: pa.ChunkedArray, min_count: int = 1) -> bool:
    """Check whether three digits follow each dot in a column of plain numbers.

    It may separate thousands.
    """
    return (
        pa.types.is_string(column.type)
        and _has_groups(column[:SAMPLE], 1)
        and _has_groups(column, min_count)
    )


def _has_groups(column: pa.ChunkedArray, min_count: int) -> bool:
    known = column.filter(pc.not_equal(column, ""))
    n_dots = pc.sum(pc.match_substring(known, ".")).as_py() or 0
    return n_dots >= min_count and bool(
        pc.all(pc.match_substring_regex(known, _AMBIGUOUS["."])).as_py()
    )


def _common_unit(units: pa.Array) -> str | None:
    found = set(pc.unique(units).to_pylist())
    if "%" in found:
        return "%" if found == {"%"} else None
    return "".join(found) if len(found - {""}) <= 1 else None


def _detect_separators(
    written: pa.Array, unit: str, *, decimal_comma: bool
) -> DetectedFormat | None:
    marks = {mark for mark, pattern in MARKS.items() if matches(written, pattern).any()}
    groups, points = marks & {" ", "'"}, marks & {",", "."}
    if groups:
        return _format_with_group(groups, points, unit)
    if len(points) == 1:
        return _single_separator(written, points.pop(), unit, decimal_comma=decimal_comma)
    styles = [
        NumberFormat(group=group, decimal=decimal, unit=unit) for group, decimal in (",.", ".,")
    ]
    if not points:
        return DetectedFormat(NumberFormat(group="", decimal=".", unit=unit))
    fitting = [style for style in styles if style.fits(written)]
    return DetectedFormat(fitting[0]) if len(fitting) == 1 else None


def _format_with_group(groups: set[str], points: set[str], unit: str) -> DetectedFormat | None:
    """Detect the decimal mark beside a space or an apostrophe, which only separate thousands."""
    if len(groups) > 1 or len(points) > 1:
        return None
    group = groups.pop()
    usual = "," if group == " " else "."
    return DetectedFormat(
        NumberFormat(group=group, decimal=points.pop() if points else usual, unit=unit)
    )


def _single_separator(
    written: pa.Array, mark: str, unit: str, *, decimal_comma: bool
) -> DetectedFormat:
    other = "," if mark == "." else "."
    grouping, decimals = (
        NumberFormat(group=mark, decimal=other, unit=unit),
        NumberFormat(group="", decimal=mark, unit=unit),
    )
    if not decimals.fits(written):
        return DetectedFormat(grouping)
    if not matches(written, _AMBIGUOUS[mark]).all():
        return DetectedFormat(decimals)
    is_decimal = mark == "," if decimal_comma else mark == "." and not unit
    if unit == "%" or is_decimal:
        return DetectedFormat(decimals, _DECIMALS.format(mark=mark))
    return DetectedFormat(grouping, _THOUSANDS.format(mark=mark))
