"""Ledgers: mergeable aggregates of each customer's transactions."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.errors import ValueOutOfRange
from models.transactions.transaction_reader import Transactions

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


class _Entries(NamedTuple):
    """Columns of entries to aggregate: transactions, or customers of the ledgers that are merged.

    `owners` is the entry of each order day; `order_keys` are set if rows are order lines.
    """

    customers: pa.DictionaryArray
    owners: Integers
    order_days: Integers
    order_keys: Integers | None
    n_orders: Integers
    last_day: Integers
    total: Numbers | None


def build_ledger(transactions: Transactions) -> pa.Table:
    """Aggregate transactions by customer.

    Parameters
    ----------
    transactions
        Parsed transactions.

    Returns
    -------
    pyarrow.Table
        One row per customer, in the order of their ids: the id (text, under its own header),
        `order_days` (the distinct days with an order, as a list of date32), `n_orders`, `last_day`
        (of any transaction, including returns) and, if the recipe has an amount column, `total`. A
        return is not an order.

        If the recipe has an order column, `order_days` contains the first day of each order
        instead, and `order_keys` (a list of int64) its key, to which further lines of the order are
        matched: 12 bytes per order.

    Raises
    ------
    ValueOutOfRange
        If a total overflows float64.
    """
    bought = transactions.purchases
    keys = transactions.order_keys
    entries = _Entries(
        customers=transactions.customers,
        owners=np.flatnonzero(bought),
        order_days=transactions.days[bought],
        order_keys=None if keys is None else keys[bought],
        n_orders=bought.astype(np.int64),
        last_day=transactions.days,
        total=transactions.amounts,
    )
    return _aggregate(transactions.recipe.customer, entries)


def merge_ledgers(a: pa.Table, b: pa.Table) -> pa.Table:
    """Merge two ledgers into the ledger of all their transactions.

    Parameters
    ----------
    a, b
        Ledgers of the same recipe and of disjoint transactions.

    Returns
    -------
    pyarrow.Table
        A ledger under the headers of `a`. It is exact, also for transactions on the same days or of
        the same orders, except that the last bits of a total depend on the order of summation.

    Raises
    ------
    ValueOutOfRange
        If a total overflows float64.
    """
    both = pa.concat_tables([a, b.rename_columns(a.column_names).cast(a.schema)]).combine_chunks()
    lists = both["order_days"].combine_chunks()
    with_keys, with_total = (name in both.column_names for name in ("order_keys", "total"))
    entries = _Entries(
        customers=pc.dictionary_encode(both[0]).combine_chunks(),
        owners=pc.list_parent_indices(lists).to_numpy().astype(np.int64),
        order_days=_day_numbers(lists.flatten()),
        order_keys=both["order_keys"].combine_chunks().flatten().to_numpy() if with_keys else None,
        n_orders=both["n_orders"].to_numpy(),
        last_day=_day_numbers(both["last_day"].combine_chunks()),
        total=both["total"].to_numpy() if with_total else None,
    )
    return _aggregate(a.column_names[0], entries)


def _aggregate(header: str, entries: _Entries) -> pa.Table:
    names, codes = _sort_customers(entries.customers)
    columns = {header: names}
    if entries.order_keys is None:
        columns["order_days"] = _distinct_days(
            codes[entries.owners], entries.order_days, len(names)
        )
        columns["n_orders"] = pa.array(
            _totals(codes, entries.n_orders, len(names)).astype(np.int64)
        )
    else:
        columns |= _distinct_orders(
            codes[entries.owners], entries.order_days, entries.order_keys, len(names)
        )
    latest = np.full(len(names), np.iinfo(np.int64).min)
    np.maximum.at(latest, codes, entries.last_day)
    columns["last_day"] = _dates(latest)
    if entries.total is not None:
        total = _totals(codes, entries.total, len(names))
        if not np.isfinite(total).all():
            raise ValueOutOfRange("The amounts of a customer are too large to add up")
        columns["total"] = pa.array(total)
    return pa.table(columns)


def _sort_customers(customers: pa.DictionaryArray) -> tuple[pa.Array, Integers]:
    """Sort the occurring customers by id; return them and the rank of each entry's customer."""
    occurring = pc.unique(customers.indices)
    ids = pc.take(customers.dictionary, occurring)
    order = pc.array_sort_indices(ids)
    ranks = np.zeros(len(customers.dictionary), np.int64)
    ranks[occurring.to_numpy()[order.to_numpy()]] = np.arange(len(ids))
    return pc.take(ids, order), ranks[customers.indices.to_numpy()]


def _distinct_days(codes: Integers, days: Integers, n_customers: int) -> pa.Array:
    """List each customer's distinct days in ascending order.

    Customer and day are combined into one integer, so a single sort suffices; np.unique hashes and
    is many times slower.
    """
    first, span = (days.min(), np.ptp(days) + 1) if days.size else (0, 1)
    keys = np.sort(codes * span + (days - first))
    owners, offsets = np.divmod(keys[np.diff(keys, prepend=-1) > 0], span)
    starts = np.searchsorted(owners, np.arange(n_customers + 1))
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), _dates(offsets + first))


def _distinct_orders(
    codes: Integers, days: Integers, keys: Integers, n_customers: int
) -> dict[str, pa.Array]:
    """List the first day and the key of each customer's orders, and count the orders."""
    lines = pa.table({"owner": codes, "key": keys, "day": days})
    orders = lines.group_by(["owner", "key"]).aggregate([("day", "min")])
    orders = orders.sort_by(
        [("owner", "ascending"), ("day_min", "ascending"), ("key", "ascending")]
    ).combine_chunks()
    starts = np.searchsorted(orders["owner"].to_numpy(), np.arange(n_customers + 1))
    offsets = pa.array(starts, pa.int32())
    return {
        "order_days": pa.ListArray.from_arrays(offsets, _dates(orders["day_min"].to_numpy())),
        "order_keys": pa.ListArray.from_arrays(offsets, orders["key"].combine_chunks()),
        "n_orders": pa.array(np.diff(starts), pa.int64()),
    }


def _totals(codes: Integers, values: Integers | Numbers, n_customers: int) -> Numbers:
    return np.bincount(codes, weights=values, minlength=n_customers).astype(np.float64)


def _dates(days: Integers) -> pa.Array:
    return pa.array(days, pa.int32()).cast(pa.date32())


def _day_numbers(dates: pa.Array) -> Integers:
    numbers: Integers = dates.cast(pa.int32()).to_numpy().astype(np.int64)
    return numbers
