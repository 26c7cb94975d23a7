"""Parsing of transactions, with errors by row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.columns import MAX_LISTED, CellError, dates
from models.columns.cell_arrays import Mask
from models.columns.cell_errors import ColumnErrors
from models.transactions.columns import DateFormat, TransactionColumns, days_since_1970
from models.transactions.fields import Field, read_amounts, read_customers
from models.transactions.implausible_days import ImplausibleDays, find_implausible_days
from models.transactions.order_dates import read_dates
from models.transactions.order_numbers import OrderNumbers, order_column_warning, read_orders
from models.transactions.returns import Returns, read_returns


@dataclass(frozen=True, kw_only=True)
class Transactions:
    """Valid transactions up to the reference date, their days counted from 1970.

    `order_keys` identify the orders of a customer; None if each row is an order. Rows that are not
    `purchases` are returns. `recipe` contains the detected formats, `faults` are the first hundred
    cells that cannot be parsed, and `n_faulty` counts their rows; `n_later` counts the rows after
    the reference date, or after the last plausible day.
    """

    customers: pa.DictionaryArray
    days: npt.NDArray[np.int64]
    amounts: npt.NDArray[np.float64] | None
    order_keys: npt.NDArray[np.int64] | None
    purchases: Mask
    recipe: TransactionColumns
    faults: tuple[CellError, ...]
    n_faulty: int
    n_later: int
    warnings: tuple[str, ...]


class _Columns(NamedTuple):
    """The parsed columns of the recipe."""

    customers: Field
    dates: Field
    amounts: Field | None
    orders: OrderNumbers | None
    returns: Returns | None

    def fields(self) -> list[Field]:
        keys = self.orders and self.orders.field
        return [
            field for field in (self.customers, self.dates, self.amounts, keys) if field is not None
        ]

    def with_formats(self, recipe: TransactionColumns) -> TransactionColumns:
        """Return the recipe with the detected formats."""
        return replace(
            recipe,
            date_order=cast("DateFormat | None", self.dates.style),
            numerals=self.amounts and self.amounts.style,
            cancellations=self.orders and self.orders.cancellations,
            return_style=self.returns and self.returns.style,
        )


def read_transactions(
    raw: pa.Table,
    recipe: TransactionColumns,
    today: date | None,
    known_ids: pa.ChunkedArray | None = None,
) -> Transactions:
    """Parse the columns of the recipe.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, unparsed; one row per transaction.
    recipe
        The columns to parse.
    today
        The current day: later days are implausible. None disables the check.
    known_ids
        The customers of earlier transactions, which decide whether ``17850.0`` is the id 17850.

    Returns
    -------
    Transactions
        Without rows that have a missing or invalid cell, and without rows after the reference date
        or, if the recipe has none, after the last plausible day.

    Raises
    ------
    UnclearRecipe, UnknownColumn
        If the recipe does not fit the table.
    BadCells
        If the dates or the marks of returns have an unknown format.
    ValueError
        If its reference is not an ISO date.
    """
    recipe.check(raw)
    columns = _read_columns(raw, recipe, known_ids)
    fields = columns.fields()
    valid = np.ones(raw.num_rows, np.bool_)
    for field in fields:
        valid[field.faults.rows] = False
    days = np.where(valid, columns.dates.values.to_numpy(zero_copy_only=False), np.nan)
    late = _find_late(days, recipe, today)
    kept = valid & ~late.too_late
    amounts, is_return = _signed_amounts(columns, raw.num_rows)
    order_keys, order_warning = None, None
    if columns.orders is not None:
        order_keys = columns.orders.field.values.fill_null(0).to_numpy()
    if not recipe.order:
        order_warning = order_column_warning(raw, recipe.customer, recipe.columns)
    return Transactions(
        customers=columns.customers.values.filter(pa.array(kept)),
        days=days[kept].astype(np.int64),
        amounts=None if amounts is None else amounts[kept],
        order_keys=None if order_keys is None else order_keys[kept],
        purchases=~is_return[kept],
        recipe=columns.with_formats(recipe),
        faults=_first_errors([field.faults for field in fields]),
        n_faulty=int((~valid).sum()),
        n_later=int(valid.sum() - kept.sum()),
        warnings=(
            *(field.warning for field in fields if field.warning),
            *late.warnings,
            *([order_warning] if order_warning else []),
        ),
    )


def _read_columns(
    raw: pa.Table, recipe: TransactionColumns, known_ids: pa.ChunkedArray | None
) -> _Columns:
    amount, order, returned = recipe.amount, recipe.order, recipe.returned
    return _Columns(
        customers=read_customers(raw, recipe.customer, known_ids),
        dates=read_dates(raw, recipe.date, recipe.date_order),
        amounts=None if amount is None else read_amounts(raw, amount, recipe.numerals),
        orders=None
        if order is None
        else read_orders(raw, order, cancellations=recipe.cancellations),
        returns=None if returned is None else read_returns(raw, returned, recipe.return_style),
    )


def _find_late(
    days: npt.NDArray[np.float64], recipe: TransactionColumns, today: date | None
) -> ImplausibleDays:
    """Find the rows after the reference date or, without one, after the last plausible day."""
    if recipe.reference is not None:
        return ImplausibleDays(days > days_since_1970(recipe.reference), ())
    return find_implausible_days(
        recipe.date, days, None if today is None else (today - dates.EPOCH).days
    )


def _signed_amounts(columns: _Columns, n_rows: int) -> tuple[npt.NDArray[np.float64] | None, Mask]:
    """Negate the amounts of marked returns, and mark all returns.

    The marked ones and negative amounts.
    """
    marked = np.zeros(n_rows, np.bool_)
    if columns.orders is not None:
        marked |= columns.orders.cancelled
    if columns.returns is not None:
        marked |= columns.returns.marked
    if columns.amounts is None:
        return None, marked
    amounts = columns.amounts.values.to_numpy(zero_copy_only=False)
    return np.where(marked, -np.abs(amounts), amounts), marked | (amounts < 0)


def _first_errors(faults: Sequence[ColumnErrors]) -> tuple[CellError, ...]:
    listed = chain.from_iterable(found.errors(MAX_LISTED) for found in faults)
    return tuple(sorted(listed, key=lambda fault: fault.row)[:MAX_LISTED])
