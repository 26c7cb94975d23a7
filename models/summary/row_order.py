"""Detection of numeric columns that follow the row order or the customer ids, such as counters."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.summary.correlations import correlate_with
from models.summary.sample import CorrelationSample, Floats

CLOSE: Final = 0.95
_NUMBERED: Final = "^(?P<start>.*?)(?P<number>[0-9]{1,15})$"


@dataclass(frozen=True, kw_only=True)
class RowOrder:
    """A numeric column that follows the customer ids or, if `by_id` is False, the row order."""

    column: str
    value: float
    by_id: bool


def find_row_orders(sample: CorrelationSample, ids: pa.ChunkedArray) -> tuple[RowOrder, ...]:
    """Find the numeric columns that rise or fall with the customer ids, or else with the rows.

    Parameters
    ----------
    sample
        The sampled columns.
    ids : length as the sample's rows
        Customer ids as text.

    Returns
    -------
    tuple of RowOrder
        Columns with an absolute Spearman correlation above 0.95, in the order of the table.
    """
    with_ids = correlate_with(sample, order_of_ids(ids))
    with_rows = correlate_with(sample, sample.rows.astype(np.float64))
    by_id = {
        name: RowOrder(column=name, value=value, by_id=True) for name, value in with_ids.items()
    }
    by_row = {
        name: RowOrder(column=name, value=value, by_id=False) for name, value in with_rows.items()
    }
    found = (
        next((o for o in (by_id[name], by_row[name]) if abs(o.value) > CLOSE), None)
        for name in by_id
    )
    return tuple(order for order in found if order)


def order_of_ids(ids: pa.ChunkedArray) -> Floats:
    """Rank ids by their trailing number if they differ only in that, else alphabetically."""
    starts, digits = pc.extract_regex(ids, _NUMBERED).combine_chunks().flatten()
    numbered = starts.null_count == 0 and pc.count_distinct(starts).as_py() == 1
    order: Floats = (
        (digits.cast(pa.int64()) if numbered else pc.rank(ids)).to_numpy().astype(np.float64)
    )
    return order
