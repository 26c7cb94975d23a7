"""How transactions become customers."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import pyarrow as pa

from models.columns import UnknownColumn
from models.columns.dates import EPOCH, Order
from models.errors import SegmentationError

COMPUTED: Final = frozenset(
    ("recency_days", "frequency", "monetary_value", "tenure_days", "mean_basket", "days_between_orders")
)
RESERVED: Final = COMPUTED | {"order_days", "order_keys", "n_orders", "last_day", "total"}

ReturnStyle = Literal["negative", "flag"]


class UnclearRecipe(SegmentationError):
    """A recipe names a different column for each thing, and none that is called like a column it computes."""


@dataclass(frozen=True, kw_only=True)
class TransactionColumns:
    """Which columns of a transaction hold the customer, the date and the amount, and up to when transactions count.

    `order` is the column with the number of the order that a row is a line of; None makes each row an order. `returned`
    is a column that marks returns. `reference` is an ISO date, or None for the newest plausible date.

    The rest is found out from the cells where it is None: `date_order` and `numerals` are how dates and amounts are
    written (``dd/mm/yyyy``, ``1.234,56 €``), `cancellations` is whether an order number with a leading C is that of a
    cancelled invoice, and `return_style` is which numbers of `returned` mark a return.
    """

    customer: str
    date: str
    amount: str | None
    order: str | None = None
    returned: str | None = None
    reference: str | None = None
    date_order: Order | None = None
    numerals: str | None = None
    cancellations: bool | None = None
    return_style: ReturnStyle | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        optional = (self.amount, self.order, self.returned)
        return (self.customer, self.date, *(name for name in optional if name is not None))

    def check(self, raw: pa.Table) -> None:
        """Refuse a recipe that does not fit the table."""
        if len(set(self.columns)) < len(self.columns) or self.customer.lower() in RESERVED:
            raise UnclearRecipe
        for name in self.columns:
            if name not in raw.column_names:
                raise UnknownColumn(f"There is no column {name!r} among the transactions")


def days_since_1970(iso: str) -> int:
    """Count the days from 1970-01-01 to an ISO date."""
    return (date.fromisoformat(iso) - EPOCH).days
