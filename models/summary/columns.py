"""Summary of one column of a typed table."""

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from models.columns.column import Column, Kind
from models.features import MAX_CATEGORIES
from models.summary.distributions import (
    CategoricalDistribution,
    NumericDistribution,
    describe_categories,
    describe_numbers,
)

MIN_EXPECTED_PAIRS: Final = 5  # with fewer, random numbers may well be all distinct


@dataclass(frozen=True, kw_only=True)
class ColumnSummary:
    """Summary of a column; the distribution of its kind is set if any value is known."""

    name: str
    kind: Kind
    missing: int
    missing_share: float
    distinct: int
    reason: str | None = None
    numeric: NumericDistribution | None = None
    categorical: CategoricalDistribution | None = None
    doubts: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the column can be a feature of a fit."""
        few = self.categorical is not None and self.distinct <= MAX_CATEGORIES
        return self.distinct > 1 and (
            few or (self.numeric is not None and not self.names_customers)
        )

    @property
    def names_customers(self) -> bool:
        """Whether whole numbers are all distinct although random ones would contain duplicates.

        By the birthday problem, about n² / 2r pairs among n customers share one of r possible
        numbers.
        """
        numbers = self.numeric
        if not numbers or not numbers.whole_numbers or numbers.distinct < numbers.n:
            return False
        return numbers.n**2 / (2 * (numbers.max - numbers.min + 1)) >= MIN_EXPECTED_PAIRS


def summarize_column(table: pa.Table, column: Column) -> ColumnSummary:
    """Summarize one column.

    Parameters
    ----------
    table
        The column as float64 if it is numeric, as text if it is categorical, null where a value is
        missing; columns of other kinds may be absent.
    column
        Its kind and its counts of missing and distinct cells.

    Returns
    -------
    ColumnSummary
        With the distribution of a numeric or categorical column.
    """
    numeric = describe_numbers(table.column(column.name)) if column.kind == "numeric" else None
    categorical = (
        describe_categories(table.column(column.name)) if column.kind == "categorical" else None
    )
    described = numeric or categorical
    missing = table.num_rows - described.n if described else column.missing
    return ColumnSummary(
        name=column.name,
        kind=column.kind,
        missing=missing,
        missing_share=missing / max(table.num_rows, 1),
        distinct=described.distinct if described else column.distinct,
        reason=column.reason,
        numeric=numeric,
        categorical=categorical,
        doubts=column.doubts,
    )
