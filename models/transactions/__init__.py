"""Transactions in, customers out: how recently, how often and for how much each one bought."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.errors import SegmentationError
from models.exploration import CellError
from models.transactions.ledgers import keep_ledger, merge_ledgers
from models.transactions.reading import read_transactions
from models.transactions.recipe import Recipe, UnclearRecipe, days_since_1970

__all__ = [
    "Customers",
    "Ledger",
    "Recipe",
    "ReferenceTooEarly",
    "UnclearRecipe",
    "customers",
    "ledger",
    "merge_ledgers",
    "summarize_transactions",
]

Numbers = npt.NDArray[np.float64]


class ReferenceTooEarly(SegmentationError):
    """The ledger holds transactions after the reference date; they cannot be taken out of it again."""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What is remembered of some transactions, and which rows were left out.

    `recipe` is how to read further ones. `faults` are the first hundred cells that cannot be read, and `n_faulty`
    counts their rows; `n_later` counts the rows after the reference date.
    """

    table: pa.Table
    recipe: Recipe
    faults: tuple[CellError, ...]
    n_faulty: int
    n_later: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Customers:
    """One row for each customer, and which transactions were left out, as in `Ledger`."""

    table: pa.Table
    faults: tuple[CellError, ...]
    n_faulty: int
    n_later: int
    warnings: tuple[str, ...]


def summarize_transactions(raw: pa.Table, recipe: Recipe) -> Customers:
    """Turn transactions into customers; see `ledger` and `customers`."""
    kept = ledger(raw, recipe)
    return Customers(
        table=customers(kept.table, recipe.reference),
        faults=kept.faults,
        n_faulty=kept.n_faulty,
        n_later=kept.n_later,
        warnings=kept.warnings,
    )


def ledger(raw: pa.Table, recipe: Recipe) -> Ledger:
    """Sum up transactions by customer, so that later ones can be added by `merge_ledgers`.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, as they came; one row for each transaction.
    recipe
        Which of them say who, when and how much.

    Returns
    -------
    Ledger
        Its table is described by `models.transactions.ledgers.keep_ledger`. Its recipe says how dates and amounts
        turned out to be written, so that later transactions are read alike.

    Raises
    ------
    UnclearRecipe, UnknownColumn
        If the recipe does not fit the table.
    ValueOutOfRange
        If a customer's amounts are too large to add up.
    ValueError
        If the reference is not an ISO date.
    """
    read = read_transactions(raw, recipe)
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
        last order), `frequency` (orders: transactions that are no refunds), `monetary_value` (all amounts, refunds
        subtracted), `tenure_days` (since the first order), `mean_basket` (monetary value by frequency) and
        `days_between_orders` (the mean gap between distinct order days; null with a single one). Who only ever sent
        things back has no recency, tenure and basket. Without amounts there is no monetary value and no basket.

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
    starts = np.where(counts > 0, ends - counts, -1)
    return days[starts], days[np.where(counts > 0, ends - 1, -1)], counts.astype(np.float64)


def _ratio(values: Numbers, by: Numbers) -> Numbers:
    ratio: Numbers = np.divide(values, by, out=np.full(values.size, np.nan), where=by > 0)
    return ratio
