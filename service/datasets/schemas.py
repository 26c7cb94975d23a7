"""Datasets on the wire."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from service.datasets.rows import DatasetRow, DatasetVersionRow
from service.web.schemas import Page, Wire


class Column(Wire):
    """What a column is taken for."""

    name: str
    kind: Literal["numeric", "categorical", "identifier", "ignored"]
    missing: int = Field(description="How many cells are empty.")
    distinct: int = Field(description="How many different values there are.")
    reason: str | None = Field(default=None, description="Why the column is ignored.")


class Dataset(Wire):
    """A named table of customers, as its last write left it."""

    dataset: str
    dataset_version: int
    customer_id: str = Field(description="The column that names the customer.")
    n_customers: int
    columns: list[Column]
    warnings: list[str]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: DatasetRow, version: DatasetVersionRow) -> Self:
        """Show a dataset at one version."""
        return cls(
            dataset=row.name,
            dataset_version=version.version,
            customer_id=version.customer_id,
            n_customers=version.n_customers,
            columns=[Column.model_validate(column) for column in version.columns],
            warnings=version.warnings,
            created_at=row.created_at,
            updated_at=version.created_at,
        )


class Datasets(Page):
    """Datasets by name."""

    datasets: list[Dataset]
