"""JSON bodies read in one step into the cells that one version needs; what is not plain is left to pydantic."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final

import msgspec
from msgspec.structs import astuple

from service.assignments.reading import Customers, Shape
from service.assignments.schemas import AssignmentRequest
from service.web.formats import Bounds
from service.web.schemas import PRINTABLE

MOST_SHAPES: Final = 100
LEAST_DEPTH: Final = 3  # an object with a list of objects

Number = float | str | None
Word = int | float | str | bool | None
Identifier = int | str | None

_FIELD: Final = next(iter(AssignmentRequest.model_fields))
_LOOSE: Final = msgspec.json.Decoder(
    msgspec.defstruct("Loose", [(_FIELD, list[dict[str, Word]])], forbid_unknown_fields=True)
)
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)
_printable = re.compile(PRINTABLE)


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """Customers, each with its cells in the order of `names`; `beside` are the columns that were sent besides."""

    names: Sequence[str]
    rows: Sequence[tuple[object, ...]]
    beside: Sequence[str]

    def customers(self) -> Customers:
        """Give them by column."""
        columns = dict(zip(self.names, zip(*self.rows, strict=True), strict=True))
        return Customers(columns=columns, n_rows=len(self.rows), beside=self.beside)


def decode(body: bytes, shape: Shape, bounds: Bounds) -> Decoded | None:
    """Read a body; None where it has to be looked at more closely, be it only to say what is wrong with it."""
    try:
        decoded = _strict(body, shape) or _loose(body, shape)
    except _UNREADABLE:
        return None
    return decoded if decoded and _is_within(decoded, bounds) else None


def _strict(body: bytes, shape: Shape) -> Decoded | None:
    """Read customers that have no column besides."""
    try:
        [customers] = astuple(_decoder(shape).decode(body))
    except msgspec.ValidationError:
        return None
    return Decoded(names=shape.names, rows=list(map(astuple, customers)), beside=())


def _loose(body: bytes, shape: Shape) -> Decoded | None:
    [customers] = astuple(_LOOSE.decode(body))
    names, sent = shape.names, dict.fromkeys(chain.from_iterable(customers))
    beside = [name for name in sent if name not in names]
    if not all(map(_printable.search, beside)):
        return None
    return Decoded(names=names, rows=[tuple(map(row.get, names)) for row in customers], beside=beside)


def _is_within(decoded: Decoded, bounds: Bounds) -> bool:
    n_rows, n_columns = len(decoded.rows), len(decoded.names) + len(decoded.beside)
    return 0 < n_rows <= bounds.rows and n_columns <= bounds.columns and n_rows * n_columns <= bounds.cells


@lru_cache(MOST_SHAPES)
def _decoder(shape: Shape) -> msgspec.json.Decoder[msgspec.Struct]:
    ids = dict.fromkeys(shape.id_columns, Identifier)
    features = {name: Number if kind == "numeric" and name not in ids else Word for name, kind in shape.features}
    types = {**ids, **features}
    fields = {f"cell_{place}": name for place, name in enumerate(shape.names)}
    customer = msgspec.defstruct(
        "Customer",
        [(field, types[name], None) for field, name in fields.items()],
        rename=fields,
        forbid_unknown_fields=True,
        gc=False,
    )
    body = msgspec.defstruct("Body", [(_FIELD, list[customer])], forbid_unknown_fields=True)  # type: ignore[valid-type]
    return msgspec.json.Decoder(body)
