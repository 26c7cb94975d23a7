"""Transactions in, customers out: how recently, how often and for how much each one bought."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.columns import CellError
from models.errors import SegmentationError
from models.transactions.columns import COMPUTED, TransactionColumns, UnclearRecipe, days_since_1970
from models.transactions.implausible_days import warn_of_leap
from models.transactions.ledgers import keep_ledger, merge_ledgers
from models.transactions.reading import read_transactions

__all__ = [
    "COMPUTED",
    "Ledger",
    "ReferenceTooEarly",
    "TransactionColumns",
    "TransactionCustomers",
    "UnclearRecipe",
    "customers",
    "ledger",
    "merge_ledgers",
    "summarize_transactions",
    "warn_of_leap",
]

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


class ReferenceTooEarly(SegmentationError):
    """The ledger holds transactions after the reference date; they cannot be taken out of it again."""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What is remembered of some transactions, and which rows were left out.

    `recipe` is how to read further ones. `faults` are the first hundred cells that cannot be read, and `n_faulty`
    counts their rows; `n_later` counts the rows after the reference date, or after any plausible day.
    """

    table: pa.Table
    recipe: TransactionColumns
    faults: tuple[CellError, ...]
    n_faulty: int
    n_later: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TransactionCustomers:
    """One row for each customer, and which transactions were left out, as in `Ledger`."""

    table: pa.Table
    faults: tuple[CellError, ...]
    n_faulty: int
    n_later: int
    warnings: tuple[str, ...]


def summarize_transactions(
    raw: pa.Table, recipe: TransactionColumns, today: date | None = None
) -> TransactionCustomers:
    """Turn transactions into customers; see `ledger` and `customers`."""
    kept = ledger(raw, recipe, today)
    return TransactionCustomers(
        table=customers(kept.table, recipe.reference),
        faults=kept.faults,
        n_faulty=kept.n_faulty,
        n_later=kept.n_later,
        warnings=kept.warnings,
    )


def ledger(raw: pa.Table, recipe: TransactionColumns, today: date | None = None) -> Ledger:
    """Sum up transactions by customer, so that later ones can be added by `merge_ledgers`.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, as they came; one row for each transaction.
    recipe
        Which of them hold the customer, the date and the amount.
    today
        The current day: without a reference date, later transactions are left out. None takes any day for past.

    Returns
    -------
    Ledger
        Its table is described by `models.transactions.ledgers.keep_ledger`. Its recipe says how dates and amounts
        turned out to be written, so that later transactions are read alike.

    Raises
    ------
    UnclearRecipe, UnknownColumn
        If the recipe does not fit the table.
    BadCells
        If the dates or the marks of returns are written in a way that is not read.
    ValueOutOfRange
        If a customer's amounts are too large to add up.
    ValueError
        If the reference is not an ISO date.
    """
    read = read_transactions(raw, recipe, today)
    return Ledger(
        table=keep_ledger(read),
        recipe=read.recipe,
        faults=read.faults,
        n_faulty=read.n_faulty,
        n_later=read.n_later,
        warnings=read.warnings,
    )


def customers(ledger: pa.Table, reference: str | None) -> pa.Table:
    """Describe each customer of a ledger at a reference date.

    Parameters
    ----------
    ledger
        The table of a `Ledger`, or several merged.
    reference
        An ISO date, or None for the day of the newest transaction.

    Returns
    -------
    pyarrow.Table
        One row for each customer, in the order of their ids: the id as text, then in float64 `recency_days` (since the
        last order), `frequency` (orders: transactions that are no returns or, where the recipe names an order, its
        distinct numbers), `monetary_value` (all amounts, returns subtracted), `tenure_days` (since the first order),
        `mean_basket` (monetary value by frequency) and `days_between_orders` (the mean gap between distinct order days;
        null with a single one). A customer with nothing but returns has no recency, tenure and basket. Without amounts
        there is no monetary value and no basket.

    Raises
    ------
    ReferenceTooEarly
        If the ledger holds transactions after the reference date.
    ValueError
        If the reference is not an ISO date.

    Notes
    -----
    Recency, frequency and monetary value as Fader, Hardie and Lee (2005, "RFM and CLV: Using iso-value curves for
    customer base analysis") use the words, but for two: their recency is the age of the customer at the last purchase,
    which is `tenure_days - recency_days` here, and their frequency leaves out the first purchase.
    """
    today = _reference_day(ledger, reference)
    first, last, n_days = _order_days(ledger)
    n_orders = ledger["n_orders"].to_numpy().astype(np.float64)
    columns = {"recency_days": today - last, "frequency": n_orders}
    if "total" in ledger.column_names:
        columns["monetary_value"] = ledger["total"].to_numpy()
    columns["tenure_days"] = today - first
    if "total" in ledger.column_names:
        columns["mean_basket"] = _ratio(ledger["total"].to_numpy(), n_orders)
    columns["days_between_orders"] = _ratio(last - first, n_days - 1)
    ids = {ledger.column_names[0]: ledger[0]}
    return pa.table(ids | {name: pa.array(values, from_pandas=True) for name, values in columns.items()})


def _reference_day(ledger: pa.Table, reference: str | None) -> int:
    newest = pc.max(ledger["last_day"]).cast(pa.int32()).as_py() or 0
    today = newest if reference is None else days_since_1970(reference)
    if today < newest and ledger.num_rows:
        raise ReferenceTooEarly
    return today


def _order_days(ledger: pa.Table) -> tuple[Numbers, Numbers, Numbers]:
    """Find the first and the last order day of each customer, NaN where there is none, and count them."""
    lists = ledger["order_days"].combine_chunks()
    days = np.append(lists.flatten().cast(pa.int32()).to_numpy().astype(np.float64), np.nan)
    counts = pc.list_value_length(lists).to_numpy().astype(np.int64)
    ends = np.cumsum(counts)
    starts = ends - counts
    first, last = (days[np.where(counts > 0, positions, -1)] for positions in (starts, ends - 1))
    return first, last, _count_distinct(days, starts, ends)


def _count_distinct(days: Numbers, starts: Integers, ends: Integers) -> Numbers:
    """Count the distinct values of each list, of which each is in ascending order."""
    is_new = np.diff(days, prepend=np.nan) != 0
    is_new[starts[ends > starts]] = True
    before = np.concatenate(([0], np.cumsum(is_new))).astype(np.float64)
    counts: Numbers = before[ends] - before[starts]
    return counts


def _ratio(values: Numbers, by: Numbers) -> Numbers:
    ratio: Numbers = np.divide(values, by, out=np.full(values.size, np.nan), where=by > 0)
    return ratio
