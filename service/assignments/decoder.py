"""JSON bodies read in one step into the cells that one version needs; what is not plain is left to pydantic."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Annotated, Final

import msgspec
from msgspec.structs import astuple

from models.cells import MAX_HEADER_LENGTH
from service.assignments.inputs import CustomerBatch, InputSchema
from service.assignments.schemas import AssignmentRequest
from service.web.formats import TableLimits
from service.web.schemas import PRINTABLE

MOST_SHAPES: Final = 100
LEAST_DEPTH: Final = 3  # an object with a list of objects

_FIELD: Final = next(iter(AssignmentRequest.model_fields))
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)
_printable = re.compile(PRINTABLE)


@dataclass(frozen=True, kw_only=True)
class RowDecoder:
    """How customers of one shape are read, each as a small object.

    `strict` takes those that have no column besides; there is none where a name is written with an escape in JSON.
    """

    names: Sequence[str]
    customer: type[msgspec.Struct]
    strict: msgspec.json.Decoder[msgspec.Struct] | None
    loose: msgspec.json.Decoder[msgspec.Struct]


@dataclass(frozen=True, kw_only=True)
class DecodedBatch:
    """Customers as they were read; `beside` are the columns that were sent besides."""

    reader: RowDecoder
    rows: Sequence[msgspec.Struct]
    beside: Sequence[str]

    def cells(self) -> list[tuple[object, ...]]:
        """Give the cells of each."""
        return list(map(astuple, self.rows))

    def customers(self) -> CustomerBatch:
        """Give them by column; with a tuple of each on the way, Python would look for garbage again and again."""
        fields = zip(self.reader.names, self.reader.customer.__struct_fields__, strict=True)
        columns = {name: list(map(attrgetter(field), self.rows)) for name, field in fields}
        return CustomerBatch(columns=columns, n_rows=len(self.rows), beside=self.beside)


def decode(body: bytes, shape: InputSchema, bounds: TableLimits) -> DecodedBatch | None:
    """Read a body; None where it has to be looked at more closely, be it only to say what is wrong with it."""
    if body.count(b"{") - 1 > bounds.rows:  # it may hold too many customers, and so is read one by one
        return None
    reader = _reader(shape, bounds.characters)
    try:
        decoded = _strict(body, reader) or _loose(body, reader)
    except _UNREADABLE:
        return None
    return decoded if decoded and _is_within(decoded, bounds) else None


def _strict(body: bytes, reader: RowDecoder) -> DecodedBatch | None:
    """Read customers that have no column besides."""
    if reader.strict is None:
        return None
    try:
        [customers] = astuple(reader.strict.decode(body))
    except msgspec.ValidationError:
        return None
    return DecodedBatch(reader=reader, rows=customers, beside=())


def _loose(body: bytes, reader: RowDecoder) -> DecodedBatch | None:
    [customers] = astuple(reader.loose.decode(body))
    names, sent = reader.names, dict.fromkeys(chain.from_iterable(customers))
    beside = [name for name in sent if name not in names]
    if not all(map(_printable.search, beside)):
        return None
    rows = [reader.customer(*map(row.get, names)) for row in customers]
    return DecodedBatch(reader=reader, rows=rows, beside=beside)


def _is_within(decoded: DecodedBatch, bounds: TableLimits) -> bool:
    n_rows, n_columns = len(decoded.rows), len(decoded.reader.names) + len(decoded.beside)
    return 0 < n_rows <= bounds.rows and n_columns <= bounds.columns and n_rows * n_columns <= bounds.cells


@lru_cache(MOST_SHAPES)
def _reader(shape: InputSchema, characters: int) -> RowDecoder:
    fields = {f"cell_{place}": name for place, name in enumerate(shape.names)}
    text = Annotated[str, msgspec.Meta(max_length=characters)]
    customer = _customer(shape, fields, text)
    header = Annotated[str, msgspec.Meta(max_length=MAX_HEADER_LENGTH)]
    return RowDecoder(
        names=shape.names,
        customer=customer,
        strict=_decoder(customer) if all(map(_is_plain, shape.names)) else None,
        loose=_decoder(dict[header, int | float | text | bool | None]),
    )


def _decoder(customer: object) -> msgspec.json.Decoder[msgspec.Struct]:
    body = msgspec.defstruct("Body", [(_FIELD, list[customer])], forbid_unknown_fields=True)  # type: ignore[valid-type]  # made when this runs
    return msgspec.json.Decoder(body)


def _customer(shape: InputSchema, fields: Mapping[str, str], text: object) -> type[msgspec.Struct]:
    number, word, identifier = float | text | None, int | float | text | bool | None, int | text | None
    ids = dict.fromkeys(shape.id_columns, identifier)
    features = {name: number if kind == "numeric" and name not in ids else word for name, kind in shape.features}
    types = {**ids, **features}
    return msgspec.defstruct(
        "Customer",
        [(field, types[name], None) for field, name in fields.items()],
        rename=fields if all(map(_is_plain, fields.values())) else None,
        forbid_unknown_fields=True,
        gc=False,
    )


def _is_plain(name: str) -> bool:
    """Tell whether JSON may write a name as it is; msgspec takes no other for that of a field."""
    return json.dumps(name, ensure_ascii=False) == f'"{name}"'
