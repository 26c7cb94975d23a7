"""How a whole column writes its numbers: which mark groups thousands, and which is for decimals."""

from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from models.columns.number_formats import MARKS, NumberFormat, matches, split_cells

SAMPLE: Final = 1000
FEWEST_DOTS: Final = 5

_EITHER_WAY: Final = {mark: rf"^(?:[0-9]{{1,3}}|[1-9][0-9]{{0,2}}{MARKS[mark]}[0-9]{{3}})$" for mark in ",."}
_DECIMALS: Final = "Each {mark!r} is taken for a decimal mark, but might group thousands."
_THOUSANDS: Final = "Each {mark!r} is taken to group thousands, but might be a decimal mark."


class DetectedFormat(NamedTuple):
    """The style of a column, and what had to be chosen to decide it."""

    numerals: NumberFormat
    doubt: str | None = None


def detect_number_format(values: pa.Array, *, decimal_comma: bool = False) -> DetectedFormat | None:
    """Find the one style in which every cell that could be a number is written.

    A lone kind of mark is for decimals if it does not always stand before three digits. If it does (``1,234``), it
    groups thousands, unless a number contradicts that (``0,123``, ``1234``), or they are percents, or it is a dot and
    they are no amounts of money: a choice, which `doubt` puts into words. In a file of decimal commas, as
    `decimal_comma` says, a comma is for decimals then, and a dot groups.

    Parameters
    ----------
    values
        Texts, of which those that cannot be numbers in any style do not count.

    Returns
    -------
    Found or None
        None if there is no number, if two currencies or percents and others are mixed, or if no single style fits all.
    """
    parts = split_cells(values)
    written, unit = parts.number.drop_null(), _one_unit(parts.unit.drop_null())
    if unit is None or not len(written):
        return None
    found = _find_marks(written, unit, decimal_comma=decimal_comma)
    return found if found is not None and found.numerals.fits(written) else None


def ambiguous_format_warning(column: pa.ChunkedArray) -> str | None:
    """Doubt plain numbers of which each dot stands before three digits, in at least five: it may group thousands."""
    return _DECIMALS.format(mark=".") if could_be_grouped(column, FEWEST_DOTS) else None


def could_be_grouped(column: pa.ChunkedArray, fewest: int = 1) -> bool:
    """Check whether each dot in a column of plain numbers stands before three digits, and so may group thousands."""
    return pa.types.is_string(column.type) and _has_groups(column[:SAMPLE], 1) and _has_groups(column, fewest)


def _has_groups(column: pa.ChunkedArray, fewest: int) -> bool:
    known = column.filter(pc.not_equal(column, ""))
    n_dots = pc.sum(pc.match_substring(known, ".")).as_py() or 0
    return n_dots >= fewest and bool(pc.all(pc.match_substring_regex(known, _EITHER_WAY["."])).as_py())


def _one_unit(units: pa.Array) -> str | None:
    found = set(pc.unique(units).to_pylist())
    if "%" in found:
        return "%" if found == {"%"} else None
    return "".join(found) if len(found - {""}) <= 1 else None


def _find_marks(written: pa.Array, unit: str, *, decimal_comma: bool) -> DetectedFormat | None:
    seen = {mark for mark, pattern in MARKS.items() if matches(written, pattern).any()}
    groups, points = seen & {" ", "'"}, seen & {",", "."}
    if groups:
        return _beside(groups, points, unit)
    if len(points) == 1:
        return _single_separator(written, points.pop(), unit, decimal_comma=decimal_comma)
    styles = [NumberFormat(group=group, decimal=decimal, unit=unit) for group, decimal in (",.", ".,")]
    if not points:
        return DetectedFormat(NumberFormat(group="", decimal=".", unit=unit))
    fitting = [style for style in styles if style.fits(written)]
    return DetectedFormat(fitting[0]) if len(fitting) == 1 else None


def _beside(groups: set[str], points: set[str], unit: str) -> DetectedFormat | None:
    """Find the decimal mark beside a space or an apostrophe, which can only group thousands."""
    if len(groups) > 1 or len(points) > 1:
        return None
    group = groups.pop()
    usual = "," if group == " " else "."
    return DetectedFormat(NumberFormat(group=group, decimal=points.pop() if points else usual, unit=unit))


def _single_separator(written: pa.Array, mark: str, unit: str, *, decimal_comma: bool) -> DetectedFormat:
    other = "," if mark == "." else "."
    grouping, decimals = (
        NumberFormat(group=mark, decimal=other, unit=unit),
        NumberFormat(group="", decimal=mark, unit=unit),
    )
    if not decimals.fits(written):
        return DetectedFormat(grouping)
    if not matches(written, _EITHER_WAY[mark]).all():
        return DetectedFormat(decimals)
    is_decimal = mark == "," if decimal_comma else mark == "." and not unit
    if unit == "%" or is_decimal:
        return DetectedFormat(decimals, _DECIMALS.format(mark=mark))
    return DetectedFormat(grouping, _THOUSANDS.format(mark=mark))
