"""What every format shares: its errors, its charset and its headers; no message repeats a value."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from service.errors import FieldError, ServiceError

MAX_LISTED: Final = 100
MAX_COLUMNS: Final = 1000

_UNFIT_IN_HEADER = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class UnsupportedFormat(ServiceError):
    """A body of this media type cannot be read."""


class UnreadableBody(ServiceError):
    """The body cannot be read as a table of customers."""


def decoded(body: bytes, charsets: Sequence[str]) -> str:
    """Decode by the first charset that fits, without the byte order mark."""
    for charset in charsets:
        try:
            return body.decode(charset).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise UnreadableBody(f"The body is not {charsets[0]} text")


def check_headers(names: Sequence[str]) -> None:
    """Refuse headers that are empty, unprintable, too many or told apart only by case, each by its name or place."""
    if len(names) > MAX_COLUMNS:
        raise UnreadableBody(f"The table has {len(names)} columns; at most {MAX_COLUMNS} can be read")
    faults = chain(_unfit_headers(names), _confusable_headers(names))
    refuse((FieldError(detail=fault) for fault in faults), "headers cannot be used")


def refuse(faults: Iterable[FieldError], what: str) -> None:
    """Raise if there is any fault: the first hundred in the order of their rows, and how many there are."""
    rest = iter(faults)
    if listed := list(islice(rest, MAX_LISTED)):
        total = len(listed) + sum(1 for _ in rest)
        raise UnreadableBody(f"{total} {what}", errors=sorted(listed, key=lambda fault: fault.row or 0))


def _unfit_headers(names: Sequence[str]) -> Iterator[str]:
    for position, name in enumerate(names, 1):
        if not name.strip():
            yield f"column {position} has no header"
        elif _UNFIT_IN_HEADER.search(name):
            yield f"the header of column {position} holds a control character or half a character"


def _confusable_headers(names: Sequence[str]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name in filter(str.strip, names):
        first = seen.get(name.lower())
        if first == name:
            yield f"the header {name!r} occurs twice"
        elif first is not None:
            yield f"{first!r} and {name!r} differ only in case"
        seen.setdefault(name.lower(), name)
