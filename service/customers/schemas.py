"""Response bodies of customers."""

from typing import Literal, Self

from pydantic import Field
from typing_extensions import TypeAliasType

from service.customers.operations import UpsertResult
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


class Upsert(ResponseModel):
    """Result of an upsert."""

    dataset: str
    dataset_version: int
    n_customers: int
    counts: dict[str, int] = Field(description="Number of rows by result.")
    results: list[RowResult]
    warnings: list[str] = Field(
        default=[],
        description="Doubts about the body and about the columns that it adds to the dataset.",
    )

    @classmethod
    def of(cls, done: UpsertResult) -> Self:
        """Build the response from the result of the operation."""
        return cls(
            dataset=done.dataset,
            dataset_version=done.dataset_version,
            n_customers=done.n_customers,
            counts={result: done.results.count(result) for result in dict.fromkeys(done.results)},
            results=[_row_result(done, row) for row in range(len(done.results))],
            warnings=list(done.warnings),
        )


class StoredCustomer(ResponseModel):
    """Stored row of a customer."""

    dataset: str
    dataset_version: int
    customer_id: str
    customer: StoredRow = Field(description="All columns; missing cells are null.")


class CustomerList(Page):
    """Page of stored customers, in the order of the dataset."""

    customers: list[StoredRow]


def _row_result(done: UpsertResult, row: int) -> RowResult:
    faults = [
        Fault.model_validate(fault, from_attributes=True) for fault in done.faults.get(row, ())
    ]
    return RowResult(
        row=row + 1,
        customer_id=done.customer_ids[row],
        result=done.results[row],
        errors=faults or None,
    )
