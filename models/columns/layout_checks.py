"""Layout checks: a first or last row of totals, a footer, and a missing header row."""

import re
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.cells import EXACT_INTEGERS, is_blank
from models.columns.header_words import TOTALS
from models.columns.headers import split_words

ENDS: Final = (0, -1)  # the rows that may hold totals
MIN_ROWS: Final = 3
MIN_UNLABELLED_ROWS: Final = 10
MIN_FOOTER_COLUMNS: Final = 3
EXACT_TOLERANCE: Final = 1e-6
ROUGH_TOLERANCE: Final = 0.25
MAX_LABEL_LENGTH: Final = 40
MIN_DATA_SHARE: Final = 0.5
MIN_DATA_HEADERS: Final = 2

_NUMBER = re.compile(r"\s*[-+]?[0-9]+(?:[.,][0-9]+)?\s*")

DATA_HEADERS: Final = (
    "The headers look like a row of data, as if the row of headers were missing. If they are data, "
    "put the table again with a row of headers above them."
)


class EndShares(NamedTuple):
    """The first and the last value of a column, each divided by the sum of all others.

    0 if it is missing or fewer than two others are known.
    """

    first: float = 0.0
    last: float = 0.0


def shares_of_sum(values: pa.Array) -> EndShares:
    """Divide the first and the last value by the sum of all others."""
    if len(values) - values.null_count < MIN_ROWS:
        return EndShares()
    total = pc.sum(values).as_py()
    return EndShares(*(_share(values[end].as_py(), total) for end in ENDS))


def is_about_sum(share: float) -> bool:
    """Check whether a value is roughly the sum of the others.

    Rows may have changed since they were summed.
    """
    return abs(share - 1) <= ROUGH_TOLERANCE


def find_total_row(
    raw: pa.Table, shares: Mapping[str, EndShares], gaps: Collection[str]
) -> int | None:
    """Find a row of totals at one of the two ends of a table.

    Parameters
    ----------
    raw
        The unparsed columns.
    shares
        For each numeric column its first and its last value divided by the sum of all others.
    gaps
        The columns with a single missing cell.

    Returns
    -------
    int or None
        -1 for the last row, 0 for the first: if it has a cell labelled as total and a value that is
        roughly the sum of all others; or if half of its values are such sums and it holds the only
        gap of a column; or if half are exact sums, in at least ten rows. None otherwise.
    """
    return next((end for end in reversed(ENDS) if _is_total(raw, end, shares, gaps)), None)


def total_row_warning(end: int, n_rows: int) -> str:
    """Build the warning for a row of totals, the first or the last."""
    row = "Row 1, the first," if end == 0 else f"Row {n_rows:,}, the last,"
    return (
        f"{row} looks like a total: its numbers are about the sums of all others. If it is no "
        "customer, put the table again without it."
    )


def footer_warning(raw: pa.Table, gaps: Collection[str]) -> str | None:
    """Warn of a last row with a single cell, as of a footer, that holds the only gap of a column.

    `gaps` are the columns with a single missing cell.
    """
    if raw.num_rows < MIN_ROWS or raw.num_columns < MIN_FOOTER_COLUMNS:
        return None
    filled = [name for name in raw.column_names if not is_blank(raw[name][-1].as_py())]
    if len(filled) != 1 or not set(gaps).difference(filled):
        return None
    return (
        f"Row {raw.num_rows:,}, the last, has a value in {filled[0]!r} only, as a footer has. If "
        "it is no customer, put the table again without it."
    )


def is_data_number(header: str, known: npt.NDArray[np.float64]) -> bool:
    """Check whether a header is a number within the range of its column.

    A running number may begin with it, as 1000 precedes 1001, 1002, …. `known` are the numbers in
    ascending order, of at least two values.
    """
    if _NUMBER.fullmatch(header) is None:
        return False
    step = _running_step(known)
    return bool(known[0] - step <= float(header.replace(",", ".")) <= known[-1] + step)


def have_data_headers(headers: Mapping[str, bool]) -> bool:
    """Check whether a table's headers are a row of data.

    Parameters
    ----------
    headers
        For each header whether it could be a cell of its own column.

    Returns
    -------
    bool
        Whether at least two headers and half of all could be cells. False if these are numbers with
        a constant step, such as years and months.
    """
    alike = [header for header, is_data in headers.items() if is_data]
    if len(alike) < max(MIN_DATA_HEADERS, MIN_DATA_SHARE * len(headers)):
        return False
    if not all(_NUMBER.fullmatch(header) for header in alike):
        return True
    steps = np.diff([float(header.replace(",", ".")) for header in alike])
    return bool((steps != steps[0]).any()) if steps.size > 1 else bool(steps[0] != 1)


def _running_step(known: npt.NDArray[np.float64]) -> float:
    """Return the step of a running number; 0 for other numbers."""
    if max(-known[0], known[-1]) >= EXACT_INTEGERS:
        return 0.0
    steps = np.diff(known)
    return float(steps[0]) if np.all(steps == steps[0]) else 0.0


def _share(value: float | None, total: float) -> float:
    others = 0.0 if value is None else total - value
    return float(value / others) if value is not None and others else 0.0


def _is_total(
    raw: pa.Table, end: int, shares: Mapping[str, EndShares], gaps: Collection[str]
) -> bool:
    found = [each[end] for each in shares.values()]
    n_about = sum(map(is_about_sum, found))
    n_exact = sum(abs(share - 1) <= EXACT_TOLERANCE for share in found)
    n_enough = max(len(found) / 2, 1)
    return (
        (n_about > 0 and _has_total_label(raw, end))
        or (n_about >= n_enough and any(is_blank(raw[name][end].as_py()) for name in gaps))
        or (n_exact >= n_enough and raw.num_rows >= MIN_UNLABELLED_ROWS)
    )


def _has_total_label(raw: pa.Table, end: int) -> bool:
    cells = [column[end].as_py() or "" for column in raw.columns if pa.types.is_string(column.type)]
    return any(not TOTALS.isdisjoint(split_words(cell[:MAX_LABEL_LENGTH])) for cell in cells)
