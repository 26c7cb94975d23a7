"""Response bodies of transactions."""

from typing import Self

from pydantic import Field

from service.datasets.schemas import Dataset
from service.datasets.transactions.operations import TransactionsResult
from service.web.problems import Fault
from service.web.schemas import ResponseModel


class TransactionsAdded(ResponseModel):
    """Result of adding a batch of transactions."""

    dataset: Dataset
    n_taken: int
    n_rejected: int = Field(
        description="Number of rows that cannot be read; `errors` lists the first hundred."
    )
    n_later: int = Field(
        description="Number of rows later than the reference date or, without one, than any "
        "plausible day."
    )
    errors: list[Fault]

    @classmethod
    def of(cls, added: TransactionsResult) -> Self:
        """Build the response from the result of the operation."""
        return cls(
            dataset=Dataset.of(*added.at),
            n_taken=added.n_taken,
            n_rejected=added.n_rejected,
            n_later=added.n_later,
            errors=[Fault.model_validate(fault, from_attributes=True) for fault in added.faults],
        )
