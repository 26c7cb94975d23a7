"""What is remembered of each customer's transactions, so that later ones can be added without the earlier ones."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.errors import ValueOutOfRange
from models.transactions.reading import Transactions

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


class _Entries(NamedTuple):
    """What happened, entry by entry: by transaction, or by customer of the ledgers that are merged.

    An order day names the entry that it belongs to, and has a key where rows are lines of orders.
    """

    customers: pa.DictionaryArray
    owners: Integers
    order_days: Integers
    order_keys: Integers | None
    n_orders: Integers
    last_day: Integers
    total: Numbers | None


def keep_ledger(transactions: Transactions) -> pa.Table:
    """Sum up transactions by customer.

    Parameters
    ----------
    transactions
        As they were read.

    Returns
    -------
    pyarrow.Table
        One row for each customer, in the order of their ids: the id (text, under its own header), `order_days` (the
        distinct days with an order, as a list of date32), `n_orders`, `last_day` (of any transaction, also a return)
        and, where the recipe names an amount, `total`. A return is no order.

        Where the recipe names an order, `order_days` holds the first day of each order instead, and `order_keys` (int64
        in a list) its key, so that further lines of the order find it: 12 bytes for each order that a customer made.

    Raises
    ------
    ValueOutOfRange
        If a total is too large for a number.
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
    return _summed(transactions.recipe.customer, entries)


def merge_ledgers(a: pa.Table, b: pa.Table) -> pa.Table:
    """Sum up two ledgers, as if all their transactions had come at once.

    Parameters
    ----------
    a, b
        Ledgers of the same recipe, of transactions that were not in the other one.

    Returns
    -------
    pyarrow.Table
        A ledger under the headers of `a`. It is exact for any two sets of transactions, also on the same days and of
        the same orders: only the last bits of a total depend on the order in which amounts are added.

    Raises
    ------
    ValueOutOfRange
        If a total is too large for a number.
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
    return _summed(a.column_names[0], entries)


def _summed(header: str, entries: _Entries) -> pa.Table:
    names, codes = _ranked(entries.customers)
    columns = {header: names}
    if entries.order_keys is None:
        columns["order_days"] = _distinct_days(codes[entries.owners], entries.order_days, len(names))
        columns["n_orders"] = pa.array(_totals(codes, entries.n_orders, len(names)).astype(np.int64))
    else:
        columns |= _distinct_orders(codes[entries.owners], entries.order_days, entries.order_keys, len(names))
    columns["last_day"] = _dates(_latest(codes, entries.last_day, len(names)))
    if entries.total is not None:
        columns["total"] = pa.array(_checked(_totals(codes, entries.total, len(names))))
    return pa.table(columns)


def _ranked(customers: pa.DictionaryArray) -> tuple[pa.Array, Integers]:
    """Sort the customers that occur by their ids, and code each entry by the place of its customer."""
    occurring = pc.unique(customers.indices)
    ids = pc.take(customers.dictionary, occurring)
    order = pc.array_sort_indices(ids)
    places = np.zeros(len(customers.dictionary), np.int64)
    places[occurring.to_numpy()[order.to_numpy()]] = np.arange(len(ids))
    return pc.take(ids, order), places[customers.indices.to_numpy()]


def _distinct_days(codes: Integers, days: Integers, n_customers: int) -> pa.Array:
    """List each customer's distinct days in their order.

    A customer and a day make one number, so that a single sort puts them in order (np.unique hashes, and is many times
    slower).
    """
    first, span = (days.min(), np.ptp(days) + 1) if days.size else (0, 1)
    keys = np.sort(codes * span + (days - first))
    owners, offsets = np.divmod(keys[np.diff(keys, prepend=-1) > 0], span)
    starts = np.searchsorted(owners, np.arange(n_customers + 1))
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), _dates(offsets + first))


def _distinct_orders(codes: Integers, days: Integers, keys: Integers, n_customers: int) -> dict[str, pa.Array]:
    """List each customer's orders by their first days, and count them."""
    lines = pa.table({"owner": codes, "key": keys, "day": days})
    orders = lines.group_by(["owner", "key"]).aggregate([("day", "min")])
    orders = orders.sort_by([("owner", "ascending"), ("day_min", "ascending"), ("key", "ascending")]).combine_chunks()
    starts = np.searchsorted(orders["owner"].to_numpy(), np.arange(n_customers + 1))
    offsets = pa.array(starts, pa.int32())
    return {
        "order_days": pa.ListArray.from_arrays(offsets, _dates(orders["day_min"].to_numpy())),
        "order_keys": pa.ListArray.from_arrays(offsets, orders["key"].combine_chunks()),
        "n_orders": pa.array(np.diff(starts), pa.int64()),
    }


def _latest(codes: Integers, days: Integers, n_customers: int) -> Integers:
    latest = np.full(n_customers, np.iinfo(np.int64).min)
    np.maximum.at(latest, codes, days)
    return latest


def _totals(codes: Integers, values: Integers | Numbers, n_customers: int) -> Numbers:
    return np.bincount(codes, weights=values, minlength=n_customers).astype(np.float64)


def _checked(totals: Numbers) -> Numbers:
    if not np.isfinite(totals).all():
        raise ValueOutOfRange("The amounts of a customer are too large to add up")
    return totals


def _dates(days: Integers) -> pa.Array:
    return pa.array(days, pa.int32()).cast(pa.date32())


def _day_numbers(dates: pa.Array) -> Integers:
    numbers: Integers = dates.cast(pa.int32()).to_numpy().astype(np.int64)
    return numbers
