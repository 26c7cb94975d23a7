"""Duplicate detection by hashes; only texts with equal hashes are compared."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BATCH_ROWS: Final = 1 << 16  # limits the memory of texts as Python strings

Rows = npt.NDArray[np.intp]


class DuplicateIds(NamedTuple):
    """The rows that repeat a text, counted from 0, and for each the row of its first occurrence."""

    rows: Rows
    firsts: Rows


def find_duplicate_ids(texts: pa.Array) -> DuplicateIds:
    """Find the rows that repeat a text of an earlier row.

    Dictionary-encoding millions of distinct ids takes several times their memory and dominates the
    run time; hashes reduce it to the few candidates.

    Parameters
    ----------
    texts
        Text; nulls are equal.

    Returns
    -------
    DuplicateIds
        In the order of the rows.
    """
    hashes = np.concatenate(
        [np.fromiter(map(hash, batch), np.int64, batch.size) for batch in _batches(texts)]
    )
    ordered = np.sort(hashes)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    alike = np.flatnonzero(np.isin(hashes, repeated))
    codes = texts.take(pa.array(alike)).dictionary_encode("encode").indices.to_numpy()
    _, firsts, inverse = np.unique(codes, return_index=True, return_inverse=True)
    repeats = firsts[inverse] != np.arange(alike.size)
    return DuplicateIds(alike[repeats], alike[firsts[inverse]][repeats])


def _batches(texts: pa.Array) -> Iterator[npt.NDArray[np.object_]]:
    """Yield batches as Python strings, which are large; at least one batch, even without texts."""
    for start in range(0, max(len(texts), 1), BATCH_ROWS):
        yield texts.slice(start, BATCH_ROWS).to_numpy(zero_copy_only=False)
