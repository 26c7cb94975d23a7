"""What a table has beside its customers: a last row of totals, and a header row that is one of data."""

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.exploration.headers import words_of
from models.exploration.vocabulary import TOTALS

FEWEST_LABELLED: Final = 3
FEWEST_UNLABELLED: Final = 10
TOLERANCE: Final = 1e-6
DATA_SHARE: Final = 0.5
FEWEST_DATA_HEADERS: Final = 2

_NUMBER = re.compile(r"\s*[-+]?[0-9]+(?:[.,][0-9]+)?\s*")

DATA_HEADERS: Final = (
    "The headers look like a row of data, as if the row of headers were missing. If they are data, put the table again "
    "with a row of headers above them."
)


def ends_in_sum(values: pa.Array) -> bool:
    """Check whether the last of some numbers is the sum of all others, of which two are not zero."""
    if len(values) < FEWEST_LABELLED or not values[-1].is_valid:
        return False
    last, total = values[-1].as_py(), pc.sum(values).as_py()
    is_sum = abs(total - 2 * last) <= TOLERANCE * abs(last)
    return is_sum and last != 0 and int(pc.sum(pc.not_equal(values[:-1], 0.0)).as_py()) > 1


def find_total(raw: pa.Table, sums: Mapping[str, bool]) -> str | None:
    """Build the sentence on a last row of totals.

    Parameters
    ----------
    raw
        The columns as they came.
    sums
        Of each numeric column, whether its last number is the sum of all others.

    Returns
    -------
    str or None
        None where no number of the last row is a sum; or only one is, but neither a cell of that row says total nor
        are there ten rows.
    """
    n_sums = sum(sums.values())
    if not n_sums:
        return None
    is_labelled = any(not TOTALS.isdisjoint(words_of(cell)) for cell in _texts_of_last_row(raw))
    if not is_labelled and (raw.num_rows < FEWEST_UNLABELLED or n_sums < len(sums) / 2):
        return None
    return (
        f"Row {raw.num_rows:,}, the last, looks like a total: its numbers are the sums of all others. If it is no "
        "customer, put the table again without it."
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


def _texts_of_last_row(raw: pa.Table) -> list[str]:
    cells = (column[-1].as_py() for column in raw.columns if pa.types.is_string(column.type))
    return [cell for cell in cells if cell]
