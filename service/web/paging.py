"""Lists in pages: an opaque token names the last entry that was given."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

from service.errors import FieldError, InvalidRequest

Row = TypeVar("Row")


def read_token(token: str | None) -> str | None:
    """Read the key of the last entry that was given; None for the first page."""
    if token is None:
        return None
    try:
        return urlsafe_b64decode(token.encode()).decode()
    except ValueError as error:
        fault = FieldError(detail="query parameter page_token: not a token of this service")
        raise InvalidRequest("The page token is not valid", errors=[fault]) from error


def next_token(rows: Sequence[Row], size: int, key: Callable[[Row], str]) -> str | None:
    """Give the token of the page after these rows; None if there are fewer than were asked for."""
    return urlsafe_b64encode(key(rows[-1]).encode()).decode() if len(rows) == size else None
