"""Lists in pages: an opaque token names the last entry that was given."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

from service.errors import FieldError, InvalidRequest

LONGEST_NUMBER = 9

Row = TypeVar("Row")


def read_token(token: str | None) -> str | None:
    """Read the key of the last entry that was given; None for the first page."""
    if token is None:
        return None
    try:
        key = urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        key = ""
    if not key.isprintable() or not key:
        raise _not_ours()
    return key


def read_number_token(token: str | None) -> int:
    """Read the number of the last entry that was given; 0 for the first page."""
    key = read_token(token) or "0"
    if not key.isdecimal() or len(key) > LONGEST_NUMBER:
        raise _not_ours()
    return int(key)


def next_token(rows: Sequence[Row], size: int, key: Callable[[Row], str]) -> str | None:
    """Give the token of the page after these rows; None if there are fewer than were asked for."""
    return urlsafe_b64encode(key(rows[-1]).encode()).decode() if len(rows) == size else None


def _not_ours() -> InvalidRequest:
    fault = FieldError(detail="query parameter page_token: not a token of this service")
    return InvalidRequest("The page token is not valid", errors=[fault])
