"""Merging of Arrow tables for an upsert.

Present cells replace stored ones, new customers are appended.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]


def last_of_each(table: pa.Table, key: str) -> tuple[pa.Table, Mask]:
    """Return each customer's last row in the order of the rows, and a mask of superseded rows."""
    _, last = np.unique(table[key].to_numpy()[::-1], return_index=True)
    superseded = np.ones(table.num_rows, np.bool_)
    superseded[table.num_rows - 1 - last] = False
    return table.filter(pa.array(~superseded)), superseded


def without_customers(table: pa.Table, key: str, customer_ids: Collection[str]) -> pa.Table:
    """Return the table without the rows of some customers, named by the column `key`."""
    if not customer_ids:
        return table
    ids = pa.array(sorted(customer_ids), table.schema.field(key).type)
    return table.filter(pc.invert(pc.is_in(table[key], value_set=ids)))


def merge_tables(
    table: pa.Table, patch: pa.Table, *, key: str, present: Mapping[str, Mask] | None = None
) -> pa.Table:
    """Merge a patch into a table.

    Parameters
    ----------
    table
        The stored customers, with unique texts in the column `key`.
    patch
        Customers to merge, with unique keys: known ones are updated, others are appended. A column
        that `table` lacks is added, null for all customers that the patch does not contain.
    key
        The customer id column of both tables.
    present
        For columns of the patch, a mask of the rows that carry the field; the others keep the
        stored cell. All rows of columns without a mask carry the field.

    Returns
    -------
    pyarrow.Table
        The columns of `table`, then the added ones; the rows of `table`, then the new customers,
        each in their order.
    """
    match = _RowMatch.of(table, patch, key)
    masks = {name: mask for name, mask in (present or {}).items() if name != key}
    added = [field for field in patch.schema if field.name not in table.column_names]
    merged = {
        name: match.column(table[name], _column(patch, name), masks.get(name))
        for name in table.column_names
    }
    nulls = {
        field.name: pa.chunked_array([pa.nulls(table.num_rows, field.type)]) for field in added
    }
    return pa.table(
        merged | {name: match.column(nulls[name], patch[name], masks.get(name)) for name in nulls}
    )


@dataclass(frozen=True, kw_only=True)
class _RowMatch:
    """Rows of a patch matched with a table.

    `position` is the patch row of each stored customer, or null.
    """

    position: pa.Array
    is_new: pa.Array

    @classmethod
    def of(cls, table: pa.Table, patch: pa.Table, key: str) -> Self:
        position = pc.index_in(table[key], value_set=patch[key].combine_chunks()).combine_chunks()
        is_new = np.ones(patch.num_rows, np.bool_)
        is_new[position.drop_null().to_numpy()] = False
        return cls(position=position, is_new=pa.array(is_new))

    def column(
        self, old: pa.ChunkedArray, new: pa.ChunkedArray | None, present: Mask | None
    ) -> pa.ChunkedArray:
        if new is None:
            return _concat(old, pa.nulls(pc.sum(self.is_new).as_py() or 0, old.type))
        position = self.position if present is None else self._position_where(present)
        replaced = pc.if_else(pc.is_valid(position), pc.take(new, position), old)
        return _concat(replaced, new.filter(self.is_new))

    def _position_where(self, present: Mask) -> pa.Array:
        keeps = pc.fill_null(pc.take(pa.array(~present), self.position), fill_value=True)
        return pc.if_else(keeps, None, self.position)


def _column(table: pa.Table, name: str) -> pa.ChunkedArray | None:
    return table[name] if name in table.column_names else None


def _concat(*parts: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    chunks = [part.chunks if isinstance(part, pa.ChunkedArray) else [part] for part in parts]
    return pa.chunked_array([chunk for part in chunks for chunk in part], parts[0].type)
