"""Transactions summed up by customer: recency, frequency and monetary value."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.columns import CellError
from models.errors import SegmentationError
from models.transactions.columns import COMPUTED, TransactionColumns, UnclearRecipe, days_since_1970
from models.transactions.implausible_days import format_transactions, warn_of_leap
from models.transactions.ledgers import build_ledger, merge_ledgers
from models.transactions.transaction_reader import read_transactions

__all__ = [
    "COMPUTED",
    "Ledger",
    "ReferenceTooEarly",
    "TransactionColumns",
    "TransactionCustomers",
    "UnclearRecipe",
    "aggregate_transactions",
    "customers",
    "format_transactions",
    "merge_ledgers",
    "summarize_transactions",
    "warn_of_leap",
]

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


class ReferenceTooEarly(SegmentationError):
    """The dataset holds transactions after the reference date, which cannot be removed."""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Transactions aggregated by customer, and the rows that were skipped.

    `recipe` contains the detected formats, for parsing further transactions. `faults` are the first
    hundred cells that cannot be parsed, and `n_faulty` counts their rows; `n_later` counts the rows
    after the reference date, or after the last plausible day.
    """

    table: pa.Table
    recipe: TransactionColumns
    faults: tuple[CellError, ...]
    n_faulty: int
    n_later: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TransactionCustomers:
    """One row per customer, and the transactions that were skipped, as in `Ledger`."""

    table: pa.Table
    faults: tuple[CellError, ...]
    n_faulty: int
    n_later: int
    warnings: tuple[str, ...]


def summarize_transactions(
    raw: pa.Table, recipe: TransactionColumns, today: date | None = None
) -> TransactionCustomers:
    """Compute the customers of some transactions; see `aggregate_transactions` and `customers`."""
    kept = aggregate_transactions(raw, recipe, today)
    return TransactionCustomers(
        table=customers(kept.table, recipe.reference),
        faults=kept.faults,
        n_faulty=kept.n_faulty,
        n_later=kept.n_later,
        warnings=kept.warnings,
    )


def aggregate_transactions(
    raw: pa.Table,
    recipe: TransactionColumns,
    today: date | None = None,
    known_ids: pa.ChunkedArray | None = None,
) -> Ledger:
    """Aggregate transactions by customer; `merge_ledgers` adds later ones.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, unparsed; one row per transaction.
    recipe
        The columns of customer, date and amount.
    today
        The current day: without a reference date, later transactions are skipped. None disables the
        check.
    known_ids
        The customers of the ledger that these transactions will be added to.

    Returns
    -------
    Ledger
        For its table see `models.transactions.ledgers.build_ledger`. Its recipe contains the
        detected formats of dates and amounts, so later transactions are parsed alike.

    Raises
    ------
    UnclearRecipe, UnknownColumn
        If the recipe does not fit the table.
    BadCells
        If the dates or the marks of returns have an unknown format.
    ValueOutOfRange
        If a customer's amounts are too large to add up.
    ValueError
        If the reference is not an ISO date.
    """
    read = read_transactions(raw, recipe, today, known_ids)
    return Ledger(
        table=build_ledger(read),
        recipe=read.recipe,
        faults=read.faults,
        n_faulty=read.n_faulty,
        n_later=read.n_later,
        warnings=read.warnings,
    )


def customers(ledger: pa.Table, reference: str | None) -> pa.Table:
    """Compute the features of each customer of a ledger at a reference date.

    Parameters
    ----------
    ledger
        The table of a `Ledger`, or several merged.
    reference
        An ISO date, or None for the day of the newest transaction.

    Returns
    -------
    pyarrow.Table
        One row per customer, in the order of their ids: the id as text, then as float64
        `recency_days` (since the last order), `frequency` (orders: transactions without returns or,
        if the recipe has an order column, distinct order numbers), `monetary_value` (all amounts,
        returns subtracted), `tenure_days` (since the first order), `mean_basket` (monetary value by
        frequency) and `days_between_orders` (the mean gap between distinct order days; null for a
        single day). Recency, tenure and basket of a customer with only returns are null. Without
        amounts, the columns `monetary_value` and `mean_basket` are absent.

    Raises
    ------
    ReferenceTooEarly
        If the ledger holds transactions after the reference date.
    ValueError
        If the reference is not an ISO date.

    Notes
    -----
    Recency, frequency and monetary value follow Fader, Hardie and Lee (2005, "RFM and CLV: Using
    iso-value curves for customer base analysis") with two differences: their recency is the age of
    the customer at the last purchase, `tenure_days - recency_days` here, and their frequency
    excludes the first purchase.
    """
    newest = pc.max(ledger["last_day"]).cast(pa.int32()).as_py() or 0
    today = newest if reference is None else days_since_1970(reference)
    if today < newest and ledger.num_rows:
        raise ReferenceTooEarly
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
    return pa.table(
        ids | {name: pa.array(values, from_pandas=True) for name, values in columns.items()}
    )


def _order_days(ledger: pa.Table) -> tuple[Numbers, Numbers, Numbers]:
    """Return the first, the last and the number of distinct order days of each customer.

    NaN without orders.
    """
    lists = ledger["order_days"].combine_chunks()
    days = np.append(lists.flatten().cast(pa.int32()).to_numpy().astype(np.float64), np.nan)
    counts = pc.list_value_length(lists).to_numpy().astype(np.int64)
    ends = np.cumsum(counts)
    starts = ends - counts
    first, last = (days[np.where(counts > 0, positions, -1)] for positions in (starts, ends - 1))
    return first, last, _count_distinct(days, starts, ends)


def _count_distinct(days: Numbers, starts: Integers, ends: Integers) -> Numbers:
    """Count the distinct values of each sorted list."""
    is_new = np.diff(days, prepend=np.nan) != 0
    is_new[starts[ends > starts]] = True
    before = np.concatenate(([0], np.cumsum(is_new))).astype(np.float64)
    counts: Numbers = before[ends] - before[starts]
    return counts


def _ratio(values: Numbers, by: Numbers) -> Numbers:
    ratio: Numbers = np.divide(values, by, out=np.full(values.size, np.nan), where=by > 0)
    return ratio
