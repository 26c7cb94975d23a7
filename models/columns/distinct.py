"""Dictionary encoding of raw columns, so that each distinct cell is parsed once."""

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.cell_arrays import Mask, mask


class DistinctCells(NamedTuple):
    """The distinct cells of a column in the order of their first rows.

    The code of a null is null.
    """

    values: pa.Array
    codes: pa.Array

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Self:
        """Encode a column of text, int64 or float64."""
        encoded = pc.dictionary_encode(column).combine_chunks()
        return cls(encoded.dictionary, encoded.indices)

    def lower(self) -> Self:
        """Convert texts to lower case; numbers stay."""
        is_text = pa.types.is_string(self.values.type)
        return self._replace(values=pc.utf8_lower(self.values)) if is_text else self

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.codes)

    def at(self, row: int) -> object:
        """Return the cell of a row, counted from 0."""
        return self.values[self.codes[row].as_py()].as_py()

    def rows(self, chosen: Mask) -> npt.NDArray[np.intp]:
        """Return the rows, counted from 0, with a chosen cell."""
        return np.flatnonzero(mask(pc.take(pa.array(chosen), self.codes)))

    def counts(self) -> npt.NDArray[np.intp]:
        """Count the rows of each distinct cell."""
        return np.bincount(self.codes.drop_null().to_numpy(), minlength=len(self.values))

    def decode(self, read: pa.Array) -> pa.Array:
        """Decode: take the parsed value of each row's cell."""
        return pc.take(read, self.codes)
