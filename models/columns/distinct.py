"""A raw column with every distinct cell once, so that what depends on the value is decided once."""

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.cell_arrays import Mask, mask


class DistinctCells(NamedTuple):
    """The distinct cells of a column in the order of their first rows; the code of a null is null."""

    values: pa.Array
    codes: pa.Array

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Self:
        """Find the distinct cells of a column of text, int64 or float64."""
        encoded = pc.dictionary_encode(column).combine_chunks()
        return cls(encoded.dictionary, encoded.indices)

    def folded(self) -> Self:
        """Read texts in lower case; numbers stay."""
        is_text = pa.types.is_string(self.values.type)
        return self._replace(values=pc.utf8_lower(self.values)) if is_text else self

    @property
    def n_rows(self) -> int:
        """How many rows the column has."""
        return len(self.codes)

    def at(self, row: int) -> object:
        """Look up the cell of a row, counted from 0."""
        return self.values[self.codes[row].as_py()].as_py()

    def rows(self, chosen: Mask) -> npt.NDArray[np.intp]:
        """Find the rows, counted from 0, that hold a chosen cell."""
        return np.flatnonzero(mask(pc.take(pa.array(chosen), self.codes)))

    def counts(self) -> npt.NDArray[np.intp]:
        """Count the rows of each distinct cell."""
        return np.bincount(self.codes.drop_null().to_numpy(), minlength=len(self.values))

    def spread(self, read: pa.Array) -> pa.Array:
        """Give every row what its cell was read as."""
        return pc.take(read, self.codes)
