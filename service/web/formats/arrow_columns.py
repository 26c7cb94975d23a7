"""Conversion of Arrow columns to the three types of a raw table: text, int64 and float64.

The size of each column is checked before it is decoded.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from errno import EINVAL
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from service.errors import FieldError
from service.web.formats.arrow_timestamps import iso_timestamps
from service.web.formats.errors import TableLimits, UnreadableBody, check_headers, raise_if_any

MAX_INT64: Final = 2**63 - 1
CELL_BYTES: Final = 8
# A view: its length, then the text itself, or its first bytes, the number of a buffer, and where in
# it the text begins.
WORDS_OF_A_VIEW: Final = 4
MAX_INLINE_LENGTH: Final = 12  # bytes

Lengths = npt.NDArray[np.int64]

# Raised by Arrow, or by following its offsets, on a corrupt file.
_UNREADABLE: Final = (
    *(pa.ArrowException, EOFError, struct.error),
    *(ArithmeticError, LookupError, TypeError, ValueError),
)
_TEXTS: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_BYTES: Final = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
_OTHERS: Final = (
    *(pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating),
    *(pa.types.is_date, pa.types.is_time, pa.types.is_timestamp, pa.types.is_null),
)


@contextmanager
def arrow_errors_as_unreadable(what: str) -> Iterator[None]:
    """Raise UnreadableBody for any error of Arrow about the content of a body."""
    try:
        yield
    except MemoryError:  # Arrow's own is one of its exceptions, too
        raise
    except OSError as error:
        if error.errno not in {None, EINVAL}:
            raise
        raise _damaged(what) from None
    except _UNREADABLE:
        raise _damaged(what) from None


def check_schema(schema: pa.Schema, bounds: TableLimits) -> None:
    """Refuse headers that cannot be used, and columns whose cells are no single values."""
    bounds.check(columns=len(schema))
    check_headers(schema.names)
    faults = (
        f"{field.name!r} holds {field.type}, not single values of a known type"
        for field in schema
        if not _is_flat(field.type)
    )
    raise_if_any((FieldError(detail=fault[:200]) for fault in faults), "columns cannot be read")


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type holds texts, or bytes that may be texts."""
    return _is_any(kind, (*_TEXTS, *_BYTES))


class Budget:
    """Counts the bytes of a table while it is decoded, and raises an error above the limit."""

    def __init__(self, bounds: TableLimits, *, n_columns: int) -> None:
        self._bounds = bounds
        self._n_columns = n_columns
        self._n_bytes = 0

    def take(self, *, rows: int, n_bytes: int = 0) -> None:
        """Count further bytes; `rows` is the number of rows so far."""
        self._n_bytes += n_bytes
        self._bounds.check(rows=rows, columns=self._n_columns, n_bytes=self._n_bytes)


def raw_columns(
    batches: Iterable[pa.RecordBatch], n_columns: int, budget: Budget
) -> list[pa.ChunkedArray]:
    """Concatenate batches into columns of text, int64 or float64, validating each batch."""
    columns: list[list[pa.Array]] = [[] for _ in range(n_columns)]
    rows = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        rows += batch.num_rows
        budget.take(rows=rows)
        batch.validate()
        arrays = list(map(_with_checked_views, batch.columns))
        budget.take(rows=rows, n_bytes=sum(map(_unpacked_bytes, arrays)))
        for chunks, array in zip(columns, arrays, strict=True):
            # Only now: it looks at every text, however often the same one is named.
            array.validate(full=True)
            chunks.append(_unpacked(array))
    return [_raw(columns.pop(0)) for _ in range(n_columns)]


def _damaged(what: str) -> UnreadableBody:
    return UnreadableBody(
        f"The body cannot be read as {what}: it is something else, incomplete or damaged"
    )


def _is_flat(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_cell(kind.value_type)
    if pa.types.is_run_end_encoded(kind):
        # Arrow cannot decode runs of views.
        return _is_cell(kind.value_type) and not _is_view(kind.value_type)
    return _is_cell(kind)


def _is_cell(kind: pa.DataType) -> bool:
    """Return whether a type is one of those that can be cast.

    Arrow casts decimals by their scale, unchecked.
    """
    if pa.types.is_decimal(kind):
        return bool(0 <= kind.scale <= kind.precision)
    return is_text(kind) or _is_any(kind, _OTHERS)


def _with_checked_views(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type) and _is_view(column.type.value_type):
        return pa.DictionaryArray.from_arrays(
            column.indices, _checked_views(column.dictionary), safe=False
        )
    return _checked_views(column) if _is_view(column.type) else column


def _checked_views(array: pa.Array) -> pa.Array:
    """Return the array with each view checked against its buffers, and emptied if its cell is null.

    Arrow's own check passes over null cells, and its casts do not.
    """
    validity, views, *data = array.buffers()
    words = (
        np.frombuffer(views, np.int32)
        .reshape(-1, WORDS_OF_A_VIEW)[: array.offset + len(array)]
        .copy()
    )
    seen = words[array.offset :]
    seen[array.is_null().to_numpy(zero_copy_only=False)] = 0
    lengths, _, numbers, starts = seen[seen[:, 0] > MAX_INLINE_LENGTH].astype(np.int64).T
    sizes = np.array([buffer.size for buffer in data], np.int64)
    if (
        (seen[:, 0] < 0).any()
        or (numbers < 0).any()
        or (starts < 0).any()
        or (starts + lengths > sizes[numbers]).any()
    ):
        raise ValueError("a view lies outside its buffers")
    return pa.Array.from_buffers(
        array.type, len(array), [validity, pa.py_buffer(words), *data], offset=array.offset
    )


def _unpacked_bytes(column: pa.Array) -> int:
    """Compute the size of a column after decoding dictionaries, runs and views."""
    if pa.types.is_dictionary(column.type):
        lengths = _lengths(column.dictionary)
        return int(
            lengths.sum() + lengths[column.indices.drop_null().to_numpy()].sum()
        ) + CELL_BYTES * len(column)
    if pa.types.is_run_end_encoded(column.type):
        return int(_lengths(column.values).max(initial=0) + CELL_BYTES) * len(column)
    return int(column.nbytes) + (int(_lengths(column).sum()) if _is_view(column.type) else 0)


def _lengths(values: pa.Array) -> Lengths:
    """Compute the length in bytes of each text.

    Arrow cannot for views, whose first of four words is the length.
    """
    if _is_view(values.type):
        words = np.frombuffer(values.buffers()[1], np.int32)[::WORDS_OF_A_VIEW]
        return words[values.offset : values.offset + len(values)].astype(np.int64)
    if is_text(values.type):
        return pc.binary_length(values).fill_null(0).to_numpy().astype(np.int64)  # type: ignore[no-any-return]
    return np.zeros(len(values), np.int64)


def _unpacked(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return pc.take(_without_views(column.dictionary), column.indices)
    return (
        pc.run_end_decode(column)
        if pa.types.is_run_end_encoded(column.type)
        else _without_views(column)
    )


def _without_views(values: pa.Array) -> pa.Array:
    if not _is_view(values.type):
        return values
    return values.cast(pa.binary() if pa.types.is_binary_view(values.type) else pa.string())


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def _is_any(kind: pa.DataType, tests: Iterable[Callable[[pa.DataType], bool]]) -> bool:
    return any(test(kind) for test in tests)


def _raw(chunks: list[pa.Array]) -> pa.ChunkedArray:
    kind = chunks[0].type if chunks else pa.null()
    column = pa.chunked_array(chunks, kind)
    if pa.types.is_uint64(kind):
        fits = pc.all(pc.less_equal(column, pa.scalar(MAX_INT64, kind))).as_py() is not False
        return column.cast(pa.int64() if fits else pa.string())
    if pa.types.is_integer(kind):
        return column.cast(pa.int64())
    if pa.types.is_floating(kind):
        return column.cast(pa.float64())
    if pa.types.is_decimal(kind):
        return _decimals(column)
    return iso_timestamps(column) if pa.types.is_timestamp(kind) else column.cast(pa.string())


def _decimals(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Read decimals as integers if their type has no fraction, else as the nearest floats."""
    if column.type.scale == 0:
        digits = column.cast(pa.string())
        try:
            return digits.cast(pa.int64())
        except pa.ArrowInvalid:
            return digits
    chunks = [chunk.cast(pa.string()).cast(pa.float64()) for chunk in column.chunks]
    return pa.chunked_array(chunks, pa.float64())
