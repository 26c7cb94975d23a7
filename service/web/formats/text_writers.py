"""Tables as text, a batch at a time.

Whole columns are written at once, and only unusual cells one by one.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.cells import category

END_OF_LINE: Final = "\r\n"

_NEEDS_ESCAPE: Final = r'[\x00-\x1f"\\]'
_NEEDS_QUOTES: Final = r'[",;|\t\r\n]|^\s|\s$'
# What Arrow does not write as the one rule for cells does: other exponents, and a zero with a sign.
_UNUSUAL_NUMBER: Final = r"e|^-0$|^-?0\.0000"

Batches = Iterable[pa.RecordBatch]


def write_json(
    batches: Batches, schema: pa.Schema, noun: str, after: Mapping[str, object]
) -> Iterator[bytes]:
    """Write one JSON object.

    The rows as a list under `noun`, then the fields of `after` as they are by then.
    """
    yield f"{{{_json(noun)}: [".encode()
    between = b"\n"
    for batch in batches:
        yield between + _objects(batch, schema, ",\n").removesuffix(b",\n")
        between = b",\n"
    fields = "".join(f",\n{_json(name)}: {_json(value)}" for name, value in after.items())
    yield f"\n]{fields}}}\n".encode()


def write_lines(batches: Batches, schema: pa.Schema) -> Iterator[bytes]:
    """Write one JSON object a line."""
    return (_objects(batch, schema, "\n") for batch in batches)


def write_csv(batches: Batches, schema: pa.Schema) -> Iterator[bytes]:
    """Write delimited text with a header (RFC 4180), every cell as it is in the table.

    A spreadsheet may take a text that starts with ``=``, ``+``, ``-`` or ``@`` for a formula.
    Something put before it would spoil the data for every other reader, so nothing is.
    """
    yield (
        ",".join(_quoted(pa.array(schema.names, pa.string())).to_pylist()) + END_OF_LINE
    ).encode()
    for batch in batches:
        cells = [pc.fill_null(_texts(column, _quoted), "") for column in batch.columns]
        commas = [","] * (len(cells) - 1) + [END_OF_LINE]
        yield _rows(chain.from_iterable(zip(cells, commas, strict=True)))


def finite(column: pa.Array) -> pa.Array:
    """Replace NaN and infinity by null in every format, as JSON cannot represent them."""
    return (
        pc.if_else(pc.is_finite(column), column, None)
        if pa.types.is_floating(column.type)
        else column
    )


def _objects(batch: pa.RecordBatch, schema: pa.Schema, end: str) -> bytes:
    leads = [
        f"{', ' if position else '{'}{_json(name)}: " for position, name in enumerate(schema.names)
    ]
    cells = [pc.fill_null(_texts(column, _escaped), "null") for column in batch.columns]
    return _rows([*chain.from_iterable(zip(leads, cells, strict=True)), "}" + end])


def _rows(parts: Iterable[pa.Array | str]) -> bytes:
    """Join the parts of each row, and all rows.

    The array that Arrow makes of them holds them end to end.
    """
    rows = pc.binary_join_element_wise(*parts, "")
    _, offsets, data = rows.buffers()
    start, end = np.frombuffer(offsets, np.int32)[[rows.offset, rows.offset + len(rows)]]
    return bytes(data[start : end - start])


def _texts(column: pa.Array, written: Callable[[pa.Array], pa.Array]) -> pa.Array:
    if pa.types.is_floating(column.type):
        return _format_numbers(finite(column))
    texts = column.cast(pa.string())
    bare = pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)
    return texts if bare else written(texts)


def _format_numbers(column: pa.Array) -> pa.Array:
    texts = column.cast(pa.string())
    unusual = pc.match_substring_regex(texts, _UNUSUAL_NUMBER).fill_null(False)  # noqa: FBT003 - pyarrow has no keyword
    return _replaced(
        texts, unusual, [category(cell) for cell in column.filter(unusual).to_pylist()]
    )


def _escaped(texts: pa.Array) -> pa.Array:
    unusual = pc.match_substring_regex(texts, _NEEDS_ESCAPE).fill_null(False)  # noqa: FBT003 - pyarrow has no keyword
    plain = pc.binary_join_element_wise('"', texts, '"', "")
    return _replaced(plain, unusual, list(map(_json, texts.filter(unusual).to_pylist())))


def _quoted(texts: pa.Array) -> pa.Array:
    unusual = pc.match_substring_regex(texts, _NEEDS_QUOTES).fill_null(False)  # noqa: FBT003 - pyarrow has no keyword
    doubled = (cell.replace('"', '""') for cell in texts.filter(unusual).to_pylist())
    return _replaced(texts, unusual, [f'"{cell}"' for cell in doubled])


def _replaced(texts: pa.Array, chosen: pa.Array, by: list[str | None]) -> pa.Array:
    return pc.replace_with_mask(texts, chosen, pa.array(by, pa.string())) if by else texts


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
