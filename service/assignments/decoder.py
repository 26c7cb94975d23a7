"""Fast JSON decoder of assignment requests (msgspec), typed by one version.

Unusual bodies are left to pydantic. A large body is decoded in parts: msgspec holds the GIL for a
whole call, and some numbers take it a hundred times as long as others.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, groupby
from operator import attrgetter, itemgetter
from typing import Annotated, Any, Final

import msgspec
from msgspec.structs import astuple

from models.cells import MAX_HEADER_LENGTH
from service.assignments.inputs import CustomerBatch, InputSchema
from service.assignments.schemas import AssignmentRequest
from service.web.formats import TableLimits
from service.web.formats.json_reader import MAX_VALUE_LENGTH
from service.web.schemas import PRINTABLE

MAX_SCHEMAS: Final = 100
MIN_DEPTH: Final = 3  # an object with a list of objects
PART_BYTES: Final = 1 << 16  # decoded at once

_FIELD: Final = next(iter(AssignmentRequest.model_fields))
_DECODE_ERRORS: Final = (msgspec.MsgspecError, ValueError, RecursionError)
_printable = re.compile(PRINTABLE)


@dataclass(frozen=True, kw_only=True)
class RowDecoder:
    """Decoders of the customers of one schema.

    `strict` refuses extra columns and is the fastest; it is None if a column name needs escapes in
    JSON.
    """

    names: Sequence[str]
    customer_type: type[msgspec.Struct]
    strict: msgspec.json.Decoder[msgspec.Struct] | None
    lenient: msgspec.json.Decoder[msgspec.Struct]


@dataclass(frozen=True, kw_only=True)
class DecodedBatch:
    """Decoded customers; `extra_columns` lists the columns that the version does not read."""

    decoder: RowDecoder
    rows: Sequence[msgspec.Struct]
    extra_columns: Sequence[str]

    def cells(self) -> list[tuple[object, ...]]:
        """Return the cells of each customer, in the order of `InputSchema.names`."""
        return list(map(astuple, self.rows))

    def customers(self) -> CustomerBatch:
        """Return the customers by column, without a tuple per row.

        Many tuples trigger garbage collections.
        """
        fields = zip(self.decoder.names, self.decoder.customer_type.__struct_fields__, strict=True)
        columns = {name: list(map(attrgetter(field), self.rows)) for name, field in fields}
        return CustomerBatch(
            columns=columns, n_rows=len(self.rows), extra_columns=self.extra_columns
        )


def decode(body: bytes, schema: InputSchema, bounds: TableLimits) -> DecodedBatch | None:
    """Decode a body; None if it is unusual or invalid, which the route handles."""
    n_rows = body.count(b"{") - 1
    # Possibly too many customers or columns: the route reads them one by one.
    if n_rows > bounds.rows or body.count(b":") - 1 > n_rows * bounds.columns:
        return None
    decoder = _row_decoder(schema, bounds.characters)
    try:
        parts = [body] if len(body) <= PART_BYTES else split(body)
        decoded = _decode_strict(parts, decoder) or _decode_lenient(parts, decoder)
    except _DECODE_ERRORS:
        return None
    return decoded if decoded and _is_within(decoded, bounds) else None


def split(body: bytes) -> list[bytes]:
    """Split a body into bodies of about `PART_BYTES`, without decoding the customers.

    Raises ValueError if one customer is too long to be decoded at once.
    """
    customers = _decode_all(_CUSTOMERS, [body])
    lengths = [len(customer) + 1 for customer in customers]  # with its comma
    if max(lengths, default=0) > MAX_VALUE_LENGTH:
        raise ValueError
    parts = (n_bytes // PART_BYTES for n_bytes in accumulate(lengths))
    return [
        b'{"%b":[%b]}' % (_FIELD.encode(), b",".join(map(itemgetter(0), part)))
        for _, part in groupby(zip(customers, parts, strict=True), key=itemgetter(1))
    ]


def _decode_all(
    decoder: msgspec.json.Decoder[msgspec.Struct], bodies: Sequence[bytes]
) -> list[Any]:
    """Return the customers of all bodies."""
    return list(chain.from_iterable(astuple(decoder.decode(body))[0] for body in bodies))


def _decode_strict(bodies: Sequence[bytes], decoder: RowDecoder) -> DecodedBatch | None:
    """Decode customers without extra columns."""
    if decoder.strict is None:
        return None
    try:
        rows = _decode_all(decoder.strict, bodies)
    except msgspec.ValidationError:
        return None
    return DecodedBatch(decoder=decoder, rows=rows, extra_columns=())


def _decode_lenient(bodies: Sequence[bytes], decoder: RowDecoder) -> DecodedBatch | None:
    customers = _decode_all(decoder.lenient, bodies)
    names, sent = decoder.names, dict.fromkeys(chain.from_iterable(customers))
    extra_columns = [name for name in sent if name not in names]
    if not all(map(_printable.search, extra_columns)):
        return None
    rows = [decoder.customer_type(*map(row.get, names)) for row in customers]
    return DecodedBatch(decoder=decoder, rows=rows, extra_columns=extra_columns)


def _is_within(decoded: DecodedBatch, bounds: TableLimits) -> bool:
    n_rows, n_columns = len(decoded.rows), len(decoded.decoder.names) + len(decoded.extra_columns)
    return (
        0 < n_rows <= bounds.rows
        and n_columns <= bounds.columns
        and n_rows * n_columns <= bounds.cells
    )


@lru_cache(MAX_SCHEMAS)
def _row_decoder(schema: InputSchema, characters: int) -> RowDecoder:
    fields = {f"cell_{position}": name for position, name in enumerate(schema.names)}
    text = Annotated[str, msgspec.Meta(max_length=characters)]
    customer_type = _customer_type(schema, fields, text)
    header = Annotated[str, msgspec.Meta(max_length=MAX_HEADER_LENGTH)]
    return RowDecoder(
        names=schema.names,
        customer_type=customer_type,
        strict=_decoder(customer_type) if all(map(_is_plain, schema.names)) else None,
        lenient=_decoder(dict[header, int | float | text | bool | None]),
    )


def _decoder(customer_type: object) -> msgspec.json.Decoder[msgspec.Struct]:
    body = msgspec.defstruct("Body", [(_FIELD, list[customer_type])], forbid_unknown_fields=True)  # type: ignore[valid-type]  # a runtime type
    return msgspec.json.Decoder(body)


_CUSTOMERS: Final = _decoder(msgspec.Raw)


def _customer_type(
    schema: InputSchema, fields: Mapping[str, str], text: object
) -> type[msgspec.Struct]:
    number, word, identifier = (
        float | text | None,
        int | float | text | bool | None,
        int | float | text | None,
    )
    types = dict.fromkeys(schema.id_columns, identifier)
    for name, kind in schema.features:
        is_number = kind == "numeric" and name not in schema.id_columns
        types[name] = number if is_number else word
    return msgspec.defstruct(
        "Customer",
        [(field, types[name], None) for field, name in fields.items()],
        rename=fields if all(map(_is_plain, fields.values())) else None,
        forbid_unknown_fields=True,
        gc=False,
    )


def _is_plain(name: str) -> bool:
    """Return whether JSON writes a name without escapes; msgspec supports no other field names."""
    return json.dumps(name, ensure_ascii=False) == f'"{name}"'
