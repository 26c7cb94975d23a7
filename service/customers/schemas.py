"""Customers of a dataset on the wire."""

from typing import Literal, Self

from pydantic import Field
from typing_extensions import TypeAliasType

from service.customers.operations import UpsertResult
from service.web.problems import Fault
from service.web.schemas import Page, ResponseModel

StoredRow = TypeAliasType("StoredRow", dict[str, str | float | None])


class RowResult(ResponseModel):
    """What became of one row of a batch."""

    row: int = Field(description="Its place in the batch, counting from 1.")
    customer_id: str | None
    result: Literal["inserted", "updated", "superseded", "rejected"] = Field(
        description="`superseded`: a later row of the batch is for the same customer."
    )
    errors: list[Fault] | None = None


class Upsert(ResponseModel):
    """What became of a batch."""

    dataset: str
    dataset_version: int
    n_customers: int
    counts: dict[str, int] = Field(description="How many rows had each result.")
    results: list[RowResult]

    @classmethod
    def of(cls, done: UpsertResult) -> Self:
        """Show what became of each row."""
        dataset, version = done.at
        return cls(
            dataset=dataset.name,
            dataset_version=version.version,
            n_customers=version.n_customers,
            counts={result: done.results.count(result) for result in dict.fromkeys(done.results)},
            results=[_show(done, row) for row in range(len(done.results))],
        )


class StoredCustomer(ResponseModel):
    """One customer's row, as it is stored."""

    dataset: str
    dataset_version: int
    customer_id: str
    customer: StoredRow = Field(description="Every column; null where the cell is missing.")


class CustomerList(Page):
    """Customers as they are stored, in the dataset's order."""

    customers: list[StoredRow]


def _show(done: UpsertResult, row: int) -> RowResult:
    faults = [Fault.model_validate(fault, from_attributes=True) for fault in done.faults.get(row, ())]
    return RowResult(row=row + 1, customer_id=done.customer_ids[row], result=done.results[row], errors=faults or None)
