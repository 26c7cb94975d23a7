"""Summary of a table: distributions, correlations, duplicates, and warnings with advice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from models.columns.column import Column
from models.summary.columns import ColumnSummary, summarize_column
from models.summary.correlations import Correlation, correlate
from models.summary.duplicates import count_duplicates
from models.summary.row_order import find_row_orders
from models.summary.sample import MAX_SAMPLED, draw_rows, take_sample
from models.summary.warnings import Findings, summary_warnings

MAX_COMPARED: Final = 60


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Summary of a table; `sampled` is the number of customers in the correlations (None: all)."""

    n_customers: int
    sampled: int | None
    columns: tuple[ColumnSummary, ...]
    correlations: tuple[Correlation, ...]
    duplicates: int
    warnings: tuple[str, ...]


def summarize(table: pa.Table, columns: Sequence[Column], *, customer_id: str) -> Summary:
    """Summarize a typed table: distributions, correlations, duplicates, and warnings with advice.

    Parameters
    ----------
    table
        Customer ids and categories as text, numeric columns as float64, null where a value is
        missing; identifiers and ignored columns may be absent.
    columns
        Its columns, with or without the id column.
    customer_id
        The header of the id column.

    Returns
    -------
    Summary
        Exact except for correlations and row orders, which use a random sample of 50,000 customers
        and the first 60 usable columns. Deterministic: the same table has the same summary.
    """
    summaries = tuple(summarize_column(table, column) for column in columns)
    usable = [column for column in summaries if column.usable]
    compared = usable[:MAX_COMPARED]
    sample = take_sample(
        table,
        draw_rows(table.num_rows),
        numbers=[column.name for column in compared if column.numeric],
        categories=[column.name for column in compared if column.categorical],
    )
    correlations = correlate(sample)
    found = Findings(
        n_customers=table.num_rows,
        customer_id=customer_id,
        columns=summaries,
        compared=len(compared),
        orders=find_row_orders(sample, table.column(customer_id).take(pa.array(sample.rows))),
        correlations=correlations,
        duplicates=count_duplicates(table, [column.name for column in usable]),
    )
    return Summary(
        n_customers=table.num_rows,
        sampled=sample.rows.size if table.num_rows > MAX_SAMPLED else None,
        columns=summaries,
        correlations=correlations,
        duplicates=found.duplicates,
        warnings=tuple(summary_warnings(found)),
    )
