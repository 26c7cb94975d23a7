"""Limits and errors of all formats; errors name rows and columns, never a value."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain, islice
from typing import Final

from models.cells import MAX_HEADER_LENGTH
from service.errors import FieldError, ServiceError

MAX_LISTED: Final = 100
_UNFIT_IN_HEADER = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class UnsupportedFormat(ServiceError):
    """A body of this media type cannot be read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class UnreadableBody(ServiceError):
    """The body cannot be read as a table of customers."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


@dataclass(frozen=True, kw_only=True)
class TableLimits:
    """Maximum size of a table, so that it fits in memory."""

    rows: int = 10_000_000
    columns: int = 1_000
    # Rows of few fields each may still span a table that does not fit in memory.
    cells: int = 100_000_000
    characters: int = 65_536
    n_bytes: int = 1 << 32

    def check(self, *, rows: int = 0, columns: int = 0, n_bytes: int = 0) -> None:
        """Raise UnreadableBody if a table exceeds a limit, before it is built."""
        if columns > self.columns:
            raise UnreadableBody(
                f"The table has {columns} columns; at most {self.columns:,} can be read"
            )
        if rows > self.rows:
            raise UnreadableBody(
                f"The table has more than {self.rows:,} rows; send the customers in parts"
            )
        if rows * columns > self.cells:
            raise UnreadableBody(
                f"{rows} rows of {columns} columns are too many; at most {self.cells:,} cells can "
                "be read"
            )
        if n_bytes > self.n_bytes:
            raise UnreadableBody(
                f"The table is larger than {self.n_bytes:,} bytes once it is unpacked"
            )


DEFAULT_LIMITS: Final = TableLimits()


def check_headers(names: Sequence[str], spare: Collection[int] = ()) -> None:
    """Refuse headers that are empty, too long, unprintable or differ only by case.

    Columns at `spare` positions need none.
    """
    faults = chain(_invalid_headers(names, spare), _case_duplicates(names))
    raise_if_any((FieldError(detail=fault) for fault in faults), "headers cannot be used")


def raise_if_any(faults: Iterable[FieldError], what: str) -> None:
    """Raise if there is any fault.

    The first hundred in the order of their rows, and how many there are.
    """
    rest = iter(faults)
    if listed := list(islice(rest, MAX_LISTED)):
        total = len(listed) + sum(1 for _ in rest)
        raise UnreadableBody(
            f"{total} {what}", errors=sorted(listed, key=lambda fault: fault.row or 0)
        )


def _invalid_headers(names: Sequence[str], spare: Collection[int]) -> Iterator[str]:
    for position, name in enumerate(names):
        if not name.strip() and position not in spare:
            yield f"column {position + 1} has no header"
        elif len(name) > MAX_HEADER_LENGTH:
            yield (
                f"the header of column {position + 1} has more than {MAX_HEADER_LENGTH:,} "
                "characters"
            )
        elif _UNFIT_IN_HEADER.search(name):
            yield (
                f"the header of column {position + 1} holds a control character or half a character"
            )


def _case_duplicates(names: Sequence[str]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name in (each for each in names if each.strip() and len(each) <= MAX_HEADER_LENGTH):
        first = seen.get(name.lower())
        if first == name:
            yield f"the header {name!r} occurs twice"
        elif first is not None:
            yield f"{first!r} and {name!r} differ only in case"
        seen.setdefault(name.lower(), name)
