"""An upsert as arithmetic on tables: present cells replace, absent ones keep, new customers come last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]


def last_of_each(table: pa.Table, key: str) -> tuple[pa.Table, Mask]:
    """Keep the last row of each customer, in the order of the rows; tells which rows were superseded."""
    _, last = np.unique(table[key].to_numpy()[::-1], return_index=True)
    superseded = np.ones(table.num_rows, np.bool_)
    superseded[table.num_rows - 1 - last] = False
    return table.filter(pa.array(~superseded)), superseded


def merge_tables(table: pa.Table, patch: pa.Table, *, key: str, present: Mapping[str, Mask] | None = None) -> pa.Table:
    """Lay a patch over a table.

    Parameters
    ----------
    table
        The customers as stored, each with another text in the column `key`.
    patch
        Some customers, each once: cells of known ones are replaced, others are added. A column that `table` lacks is
        added to it, null for all customers that the patch does not name.
    key
        The column of the customer ids, in both.
    present
        For columns of the patch, which of its rows carry the field; a row that does not keeps the stored cell. A
        column that is not named, or None: all of them.

    Returns
    -------
    pyarrow.Table
        The columns of `table`, then the new ones; its rows in their order, then the new customers in theirs.
    """
    laid = _RowMatch.over(table, patch, key)
    carried = {name: mask for name, mask in (present or {}).items() if name != key}
    added = [field for field in patch.schema if field.name not in table.column_names]
    merged = {name: laid.column(table[name], _column(patch, name), carried.get(name)) for name in table.column_names}
    nothing = {field.name: pa.chunked_array([pa.nulls(table.num_rows, field.type)]) for field in added}
    return pa.table(merged | {name: laid.column(nothing[name], patch[name], carried.get(name)) for name in nothing})


@dataclass(frozen=True, kw_only=True)
class _RowMatch:
    """Where a patch lies on a table: its row for each stored customer, and which of its rows are new."""

    position: pa.Array
    is_new: pa.Array

    @classmethod
    def over(cls, table: pa.Table, patch: pa.Table, key: str) -> Self:
        position = pc.index_in(table[key], value_set=patch[key].combine_chunks()).combine_chunks()
        is_new = np.ones(patch.num_rows, np.bool_)
        is_new[position.drop_null().to_numpy()] = False
        return cls(position=position, is_new=pa.array(is_new))

    def column(self, old: pa.ChunkedArray, given: pa.ChunkedArray | None, carried: Mask | None) -> pa.ChunkedArray:
        if given is None:
            return _joined(old, pa.nulls(pc.sum(self.is_new).as_py() or 0, old.type))
        position = self.position if carried is None else self._carried(carried)
        replaced = pc.if_else(pc.is_valid(position), pc.take(given, position), old)
        return _joined(replaced, given.filter(self.is_new))

    def _carried(self, carried: Mask) -> pa.Array:
        keeps = pc.fill_null(pc.take(pa.array(~carried), self.position), fill_value=True)
        return pc.if_else(keeps, None, self.position)


def _column(table: pa.Table, name: str) -> pa.ChunkedArray | None:
    return table[name] if name in table.column_names else None


def _joined(*parts: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    chunks = [part.chunks if isinstance(part, pa.ChunkedArray) else [part] for part in parts]
    return pa.chunked_array([chunk for part in chunks for chunk in part], parts[0].type)
