"""Texts that occur more than once; their hashes tell which may be alike, and only those are compared."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

ROWS_AT_ONCE: Final = 1 << 16

Rows = npt.NDArray[np.intp]


class DuplicateIds(NamedTuple):
    """The rows that repeat a text, counted from 0, and for each the row that had it first."""

    rows: Rows
    firsts: Rows


def find_duplicate_ids(texts: pa.Array) -> DuplicateIds:
    """Find the rows that repeat a text of an earlier row.

    A dictionary of millions of different texts takes several times their memory, and longer than all else that is done
    with them; where all hashes differ, none is needed.

    Parameters
    ----------
    texts
        Text; two nulls are alike.

    Returns
    -------
    Repeats
        In the order of the rows.
    """
    alike = np.flatnonzero(_repeated_hashes(_hashes(texts)))
    codes = texts.take(pa.array(alike)).dictionary_encode("encode").indices.to_numpy()
    _, firsts, inverse = np.unique(codes, return_index=True, return_inverse=True)
    repeats = firsts[inverse] != np.arange(alike.size)
    return DuplicateIds(alike[repeats], alike[firsts[inverse]][repeats])


def _hashes(texts: pa.Array) -> npt.NDArray[np.int64]:
    return np.concatenate([np.fromiter(map(hash, part), np.int64, part.size) for part in _parts(texts)])


def _parts(texts: pa.Array) -> Iterator[npt.NDArray[np.object_]]:
    """Give the texts a part at a time: as Python's own they are large; even of none there is a part."""
    for start in range(0, max(len(texts), 1), ROWS_AT_ONCE):
        yield texts.slice(start, ROWS_AT_ONCE).to_numpy(zero_copy_only=False)


def _repeated_hashes(hashes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    ordered = np.sort(hashes)
    recurring = ordered[1:][ordered[1:] == ordered[:-1]]
    return np.isin(hashes, recurring) if recurring.size else np.zeros(hashes.size, np.bool_)
