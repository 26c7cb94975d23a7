"""Parsing of the dates of transactions.

A column with mixed or unknown formats is refused as a whole.
"""

from typing import Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.columns import dates
from models.columns.cell_arrays import Mask, mask, numbers
from models.columns.cell_errors import ColumnErrors
from models.columns.dates import EXAMPLES, Order
from models.columns.distinct import DistinctCells
from models.columns.numeric_dates import SAMPLE, SERIALS, Serial, find_serial, read_serial_dates
from models.transactions.columns import DateFormat
from models.transactions.fields import Field, collect_errors

PLAIN_ORDER: Final[Order] = "yyyy-mm-dd"
# Up to this share, invalid dates are skipped as errors; beyond it the column has another format.
MAX_WRONG_SHARE: Final = 0.05
MIN_NUMBERS: Final = 0.9

# A time of day; replaced by midnight, since fewer distinct texts are parsed faster.
_CLOCK: Final = r",?[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?([^0-9:.,].*)?$"
_DIGITS: Final = "^ *([0-9]{4})([0-9]{2})([0-9]{2}) *$"
_LIKE_A_DATE: Final = "[0-9][^0-9]+[0-9]|[0-9]{5}"
_PLACEHOLDER: Final = "^ *(?:0+[-/.]0+[-/.]0+|9+[-/.]9+[-/.]9+)"  # 0000-00-00 is a missing date
_REFUSED: Final = (
    f"{{column!r}} holds dates, {{n}} of them, that cannot be read. Dates are read "
    f"as in {EXAMPLES}."
)
_MIXED: Final = (
    "{column!r} holds dates, {n} of them, that can only begin with the {one}, and others only with "
    "the {other}. Write all of them alike, best as in 2015-01-31."
)
_SERIAL: Final = (
    "{name!r} holds numbers that are read as dates ({serial}). If they are something else, write "
    "the dates as in 2015-01-31."
)


def read_dates(raw: pa.Table, name: str, order: DateFormat | None) -> Field:
    """Parse dates to days since 1970 (float64), in the given order or unit, or detect it.

    Raises
    ------
    BadCells
        If the column mixes orders of day and month, or if it or part of it has an unknown format:
        the remaining rows would be a biased sample.
    """
    column = raw.column(name)
    texts = column if pa.types.is_string(column.type) else column.cast(pa.string())
    found = DistinctCells.of(pc.replace_substring_regex(texts, _CLOCK, r" 0:00\1"))
    serial = _find_serial(found.values) if order is None else order if order in SERIALS else None
    if serial is not None:
        return _read_serial(raw, name, found, cast("Serial", serial), is_known=order is not None)
    return _read_written(raw, name, found, cast("Order | None", order))


def _find_serial(texts: pa.Array) -> Serial | None:
    """Detect the unit of dates that are stored as numbers; 20160131 is a date as written."""
    sample = texts.drop_null()[:SAMPLE]
    known = np.sort(numbers(sample).values.drop_null().to_numpy())
    if not known.size or known.size < MIN_NUMBERS * len(sample):
        return None
    serial = find_serial("date", known)  # whatever its header: the recipe says that it holds dates
    return None if serial == "yyyymmdd" else serial


def _read_serial(
    raw: pa.Table, name: str, found: DistinctCells, serial: Serial, *, is_known: bool
) -> Field:
    read = read_serial_dates(found.values, serial)
    _check_format(found, found.values, name, read.wrong)
    values = found.decode(read.values)
    faults = collect_errors(raw, name, values, lambda _: f"is not a date written like {serial}")
    return Field(
        values, faults, serial, None if is_known else _SERIAL.format(name=name, serial=serial)
    )


def _read_written(raw: pa.Table, name: str, found: DistinctCells, order: Order | None) -> Field:
    texts = pc.replace_substring_regex(found.values, _DIGITS, r"\1-\2-\3")
    resolved, doubt = (order, None) if order else dates.find_order(texts)
    one, other = ("month", "day") if resolved == "dd/mm/yyyy" else ("day", "month")
    detail = f"can only begin with the {one}"
    sentence = _MIXED.replace("{one}", one).replace("{other}", other)
    ColumnErrors.from_cells(
        name, found, dates.find_order_conflicts(texts, resolved), lambda _: detail
    ).raise_if_any(sentence)
    read = dates.read_days(texts, resolved)
    fault = f"is not a date written like {resolved}"
    _check_format(found, texts, name, read.wrong)
    values = found.decode(read.values)
    warning = doubt and f"{name!r}: {doubt}"
    style = None if order is None and resolved == PLAIN_ORDER else resolved
    return Field(values, collect_errors(raw, name, values, lambda _: fault), style, warning)


def _check_format(found: DistinctCells, texts: pa.Array, name: str, wrong: Mask) -> None:
    """Raise BadCells for an unknown format.

    A month in an unknown language, or too many invalid dates.
    """
    like_dates = wrong & _matches(texts, _LIKE_A_DATE) & ~_matches(texts, _PLACEHOLDER)
    if not like_dates.any():
        return
    foreign = like_dates & dates.mark_unknown_months(texts)
    counts = found.counts()
    n_wrong = int(counts[like_dates].sum())
    if foreign.any() or n_wrong > max(1, MAX_WRONG_SHARE * counts[~wrong | like_dates].sum()):
        ColumnErrors.from_cells(
            name, found, like_dates, lambda _: "is a date in an unknown format"
        ).raise_if_any(_REFUSED)


def _matches(texts: pa.Array, pattern: str) -> Mask:
    return mask(pc.match_substring_regex(texts, pattern))
