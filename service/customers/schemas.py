"""Response bodies of customers."""

from datetime import datetime
from typing import Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from service.assignments.schemas import Assignment
from service.datasets.rows import ChangeRow
from service.web.problems import Fault
from service.web.schemas import Page, ResponseModel

StoredRow = TypeAliasType("StoredRow", dict[str, str | float | None])


class RowResult(ResponseModel):
    """Result of one row of an upsert."""

    row: int = Field(description="The number of the row in the batch, counting from 1.")
    customer_id: str | None
    result: Literal["inserted", "updated", "superseded", "rejected"] = Field(
        description="`superseded`: a later row of the batch has the same customer id."
    )
    errors: list[Fault] | None = None
    assignment: Assignment | None = Field(
        default=None,
        description="With `assign`: the assignment of the row as stored; null if `errors` says why "
        "it cannot be assigned.",
    )


class Upsert(ResponseModel):
    """Result of an upsert."""

    dataset: str
    dataset_version: int
    n_customers: int
    model: str | None = Field(default=None, description="The model of `assign`.")
    model_version: int | None = Field(
        default=None, description="The version that has assigned the customers."
    )
    counts: dict[str, int] = Field(description="Number of rows by result.")
    results: list[RowResult]
    warnings: list[str] = Field(
        default=[],
        description="Doubts about the body and about the columns that it adds to the dataset.",
    )


class CustomerChange(ResponseModel):
    """One change of a dataset."""

    seq: int = Field(description="The number of the change; each is one more than the last.")
    change: Literal["upserted", "deleted", "replaced"] = Field(
        description="`replaced`: the table, its columns or more than 10,000 customers were written "
        "at once; read all customers again."
    )
    customer_id: str | None = Field(
        description="Null if all customers were replaced, and for a customer who was erased."
    )
    dataset_version: int
    written_at: datetime


class ChangeList(ResponseModel):
    """Changes of a dataset, in their order."""

    dataset: str
    changes: list[CustomerChange]
    after: str = Field(description="The cursor of the next request.")
    more: bool = Field(description="Whether there are further changes by now.")


class StoredCustomer(ResponseModel):
    """Stored row of a customer."""

    dataset: str
    dataset_version: int
    customer_id: str
    customer: StoredRow = Field(description="All columns; missing cells are null.")


class CustomerList(Page):
    """Page of stored customers, in the order of the dataset."""

    customers: list[StoredRow]


def show_change(row: ChangeRow) -> CustomerChange:
    """Build the description of a change."""
    return CustomerChange(
        seq=row.seq,
        change=row.kind,
        customer_id=row.customer_id,
        dataset_version=row.version,
        written_at=row.written_at,
    )
