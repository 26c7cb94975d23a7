"""What a table has beside its customers: a last row of totals, and a header row that is one of data."""

import re
from collections.abc import Collection, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.header_words import TOTALS
from models.columns.headers import split_words

FEWEST_ROWS: Final = 3
FEWEST_UNLABELLED: Final = 10
EXACTLY: Final = 1e-6
ABOUT: Final = 0.25
MAX_LABEL: Final = 40
DATA_SHARE: Final = 0.5
FEWEST_DATA_HEADERS: Final = 2

_NUMBER = re.compile(r"\s*[-+]?[0-9]+(?:[.,][0-9]+)?\s*")

DATA_HEADERS: Final = (
    "The headers look like a row of data, as if the row of headers were missing. If they are data, put the table again "
    "with a row of headers above them."
)


def share_of_sum(values: pa.Array) -> float:
    """Divide the last of some numbers by the sum of all others; 0 where it is missing, or two others are not known."""
    if len(values) < FEWEST_ROWS or len(values) - values.null_count < FEWEST_ROWS or not values[-1].is_valid:
        return 0.0
    last = values[-1].as_py()
    others = pc.sum(values).as_py() - last
    return float(last / others) if others else 0.0


def is_about_sum(share: float) -> bool:
    """Check whether a number is about the sum of others, as of rows that changed after they were summed up."""
    return abs(share - 1) <= ABOUT


def find_total(raw: pa.Table, shares: Mapping[str, float], gaps: Collection[str]) -> str | None:
    """Build the sentence on a last row of totals.

    Parameters
    ----------
    raw
        The columns as they came.
    shares
        Of each numeric column, its last number as a share of the sum of all others.
    gaps
        The columns in which a single cell is missing.

    Returns
    -------
    str or None
        None unless a cell of the last row says total, and a number is about the sum of all others; or half of the
        numbers are, and the only gap of a column is in that row; or half are exactly that sum, and there are ten rows.
    """
    n_about = sum(map(is_about_sum, shares.values()))
    n_exact = sum(abs(share - 1) <= EXACTLY for share in shares.values())
    is_labelled = n_about > 0 and _says_total(raw)
    is_unnamed = n_about >= max(len(shares) / 2, 1) and any(_is_blank(raw[name][-1].as_py()) for name in gaps)
    is_exact = n_exact >= max(len(shares) / 2, 1) and raw.num_rows >= FEWEST_UNLABELLED
    if not is_labelled and not is_unnamed and not is_exact:
        return None
    return (
        f"Row {raw.num_rows:,}, the last, looks like a total: its numbers are about the sums of all others. If it is "
        "no customer, put the table again without it."
    )


def is_data_number(header: str, low: float, high: float) -> bool:
    """Check whether a header is a number such as those of its column."""
    return _NUMBER.fullmatch(header) is not None and low <= float(header.replace(",", ".")) <= high


def have_data_headers(headers: Mapping[str, bool]) -> bool:
    """Check whether a table's headers are a row of data.

    Parameters
    ----------
    headers
        Of each header, whether it could be a cell of its own column.

    Returns
    -------
    bool
        Whether two headers could, and half of all; not if all of these are numbers that rise by the same step, as years
        and months do.
    """
    alike = [header for header, is_data in headers.items() if is_data]
    if len(alike) < max(FEWEST_DATA_HEADERS, DATA_SHARE * len(headers)):
        return False
    if not all(_NUMBER.fullmatch(header) for header in alike):
        return True
    steps = np.diff([float(header.replace(",", ".")) for header in alike])
    return bool((steps != steps[0]).any()) if steps.size > 1 else bool(steps[0] != 1)


def _says_total(raw: pa.Table) -> bool:
    cells = [column[-1].as_py() or "" for column in raw.columns if pa.types.is_string(column.type)]
    return any(not TOTALS.isdisjoint(split_words(cell[:MAX_LABEL])) for cell in cells)


def _is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
