"""Lists in pages: an opaque token names the last entry that was given."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

from service.errors import FieldError, InvalidRequest

LONGEST_NUMBER = 9

Row = TypeVar("Row")


def decode_cursor(token: str | None) -> str | None:
    """Read the key of the last entry that was given; None for the first page."""
    if token is None:
        return None
    try:
        key = urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        key = ""
    if not key.isprintable() or not key:
        raise _invalid_cursor()
    return key


def decode_offset(token: str | None) -> int:
    """Read the number of the last entry that was given; 0 for the first page."""
    key = decode_cursor(token) or "0"
    if not key.isdecimal() or len(key) > LONGEST_NUMBER:
        raise _invalid_cursor()
    return int(key)


def decode_row_cursor(token: str | None) -> tuple[int | None, int]:
    """Read at which version of a table, and from which of its rows, a page begins; None for the newest version."""
    if token is None:
        return None, 0
    version, _, row = (decode_cursor(token) or "").partition(".")
    if not (version.isdecimal() and row.isdecimal()) or max(len(version), len(row)) > LONGEST_NUMBER:
        raise _invalid_cursor()
    return int(version), int(row)


def encode_offset(number: int) -> str:
    """Give the token of the page that begins after a number of entries."""
    return _token(str(number))


def encode_row_cursor(version: int, row: int) -> str:
    """Give the token of the page that begins at a row of a version of a table."""
    return _token(f"{version}.{row}")


def next_cursor(rows: Sequence[Row], size: int, key: Callable[[Row], str]) -> str | None:
    """Give the token of the page after these rows; None if there are fewer than were asked for."""
    return _token(key(rows[-1])) if len(rows) == size else None


def _token(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode()


def _invalid_cursor() -> InvalidRequest:
    fault = FieldError(detail="query parameter page_token: not a token of this service")
    return InvalidRequest("The page token is not valid", errors=[fault])
