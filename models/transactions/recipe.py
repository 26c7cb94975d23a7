"""How transactions become customers."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import pyarrow as pa

from models.errors import SegmentationError
from models.exploration import UnknownColumn
from models.exploration.dates import EPOCH, Order

COMPUTED: Final = (
    *("recency_days", "frequency", "monetary_value", "tenure_days", "mean_basket", "days_between_orders"),
    *("order_days", "n_orders", "last_day", "total"),
)


class UnclearRecipe(SegmentationError):
    """A recipe names a different column for each thing, and none that is called like a column it computes."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which columns of a transaction say who, when and how much, and up to when transactions count.

    `reference` is an ISO date, or None for the newest date. `date_order` and `numerals` say how dates and amounts are
    written (``dd/mm/yyyy``, ``1.234,56 €``); None finds out from the cells.
    """

    customer: str
    date: str
    amount: str | None
    reference: str | None = None
    date_order: Order | None = None
    numerals: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return (self.customer, self.date) if self.amount is None else (self.customer, self.date, self.amount)

    def check(self, raw: pa.Table) -> None:
        """Refuse a recipe that does not fit the table."""
        if len(set(self.columns)) < len(self.columns) or self.customer.lower() in COMPUTED:
            raise UnclearRecipe
        for name in self.columns:
            if name not in raw.column_names:
                raise UnknownColumn(f"There is no column {name!r} among the transactions")


def days_since_1970(iso: str) -> int:
    """Count the days from 1970-01-01 to an ISO date."""
    return (date.fromisoformat(iso) - EPOCH).days
