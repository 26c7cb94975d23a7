"""The summary of a table: each column by itself, the columns side by side, and what to do about what is odd."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from models.columns.column import Column
from models.summary.columns import ColumnSummary, summarize_column
from models.summary.correlations import Correlation, correlate
from models.summary.duplicates import count_duplicates
from models.summary.row_order import find_row_orders
from models.summary.sample import MAX_SAMPLED, CorrelationSample, draw_rows, take_sample
from models.summary.warnings import Findings, summary_warnings

MAX_COMPARED: Final = 60


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a table holds; `sampled` is how many customers the correlations were measured on, None if on all."""

    n_customers: int
    sampled: int | None
    columns: tuple[ColumnSummary, ...]
    correlations: tuple[Correlation, ...]
    duplicates: int
    warnings: tuple[str, ...]


def summarize(table: pa.Table, columns: Sequence[Column], *, customer_id: str) -> Summary:
    """Summarize a typed table: what is in its columns, how they hang together, and what should be done about it.

    Parameters
    ----------
    table
        Customer ids and categories as text, numeric columns as float64, null where a value is missing; identifiers and
        ignored columns need not be there.
    columns
        What the columns are read as; the column of the ids may be among them.
    customer_id
        The column that names the customers.

    Returns
    -------
    Summary
        Exact, but for what compares columns: correlations, and columns that follow the order of the table, are
        measured on 50,000 customers drawn by chance if there are more, and on the first 60 usable columns. The same
        table gives the same summary.
    """
    summaries = tuple(summarize_column(table, column) for column in columns)
    usable = [column for column in summaries if column.usable]
    compared = usable[:MAX_COMPARED]
    sample = _sample(table, compared)
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


def _sample(table: pa.Table, columns: Sequence[ColumnSummary]) -> CorrelationSample:
    numbers = [column.name for column in columns if column.numeric]
    categories = [column.name for column in columns if column.categorical]
    return take_sample(table, draw_rows(table.num_rows), numbers=numbers, categories=categories)
