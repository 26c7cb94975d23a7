"""The recipe: the columns of a table of transactions."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import pyarrow as pa

from models.columns import UnknownColumn
from models.columns.dates import EPOCH, Order
from models.columns.numeric_dates import Serial
from models.errors import SegmentationError

COMPUTED: Final = frozenset(
    (
        "recency_days",
        "frequency",
        "monetary_value",
        "tenure_days",
        "mean_basket",
        "days_between_orders",
    )
)
RESERVED: Final = COMPUTED | {"order_days", "order_keys", "n_orders", "last_day", "total"}

DateFormat = Order | Serial
ReturnStyle = Literal["negative", "flag"]


class UnclearRecipe(SegmentationError):
    """The recipe names a column twice, or its customer column has the name of a computed column."""


@dataclass(frozen=True, kw_only=True)
class TransactionColumns:
    """The columns of customer, date and amount in a table of transactions, and their formats.

    Attributes
    ----------
    order
        The column of order numbers if rows are order lines; None makes each row an order.
    returned
        The column that marks returns.
    reference
        The ISO date up to which transactions count; None for the newest plausible date.
    date_order, numerals
        The formats of dates and amounts (``dd/mm/yyyy`` or ``unix seconds``, ``1.234,56 €``); None
        detects them.
    cancellations
        Whether an order number with a leading C is a cancelled invoice; None detects it.
    return_style
        The numbers of `returned` that mark a return; None detects them.
    """

    customer: str
    date: str
    amount: str | None
    order: str | None = None
    returned: str | None = None
    reference: str | None = None
    date_order: DateFormat | None = None
    numerals: str | None = None
    cancellations: bool | None = None
    return_style: ReturnStyle | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The headers of all columns of the recipe."""
        optional = (self.amount, self.order, self.returned)
        return (self.customer, self.date, *(name for name in optional if name is not None))

    def check(self, raw: pa.Table) -> None:
        """Raise UnclearRecipe or UnknownColumn if the recipe does not fit the table."""
        if len(set(self.columns)) < len(self.columns) or self.customer.lower() in RESERVED:
            raise UnclearRecipe
        for name in self.columns:
            if name not in raw.column_names:
                raise UnknownColumn(f"There is no column {name!r} among the transactions")


def days_since_1970(iso: str) -> int:
    """Convert an ISO date to days since 1970-01-01."""
    return (date.fromisoformat(iso) - EPOCH).days
