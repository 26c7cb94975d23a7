"""Cursor pagination: an opaque page token encodes the key of the previous page's last entry."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

from service.errors import FieldError, InvalidRequest

MAX_DIGITS = 9
MAX_SEQ_DIGITS = 18  # numbers of so many digits fit in 64 bits
ROW_CURSOR_NUMBERS = 3

Row = TypeVar("Row")


def decode_cursor(token: str | None, *, parameter: str = "page_token") -> str | None:
    """Decode the key of the last entry of the previous page; None for the first page."""
    if token is None:
        return None
    try:
        key = urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        key = ""
    if not key.isprintable() or not key:
        raise _invalid_cursor(parameter)
    return key


def decode_offset(token: str | None) -> int:
    """Decode the number of entries before the page; 0 for the first page."""
    key = decode_cursor(token) or "0"
    if not key.isdecimal() or len(key) > MAX_DIGITS:
        raise _invalid_cursor()
    return int(key)


def decode_row_cursor(token: str | None) -> tuple[int | None, int | None, int]:
    """Decode the table version, its last change and the first row of a page.

    The first page has version and change None: the newest.
    """
    if token is None:
        return None, None, 0
    numbers = (decode_cursor(token) or "").split(".")
    if len(numbers) != ROW_CURSOR_NUMBERS or not all(map(_is_number, numbers)):
        raise _invalid_cursor()
    version, seq, row = map(int, numbers)
    return version, seq, row


def decode_change_cursor(token: str | None) -> tuple[str, int] | None:
    """Decode a dataset's id and the seq of the last change that was read."""
    if token is None:
        return None
    dataset_id, _, seq = (decode_cursor(token, parameter="after") or "").partition("/")
    if not _is_number(seq):
        raise _invalid_cursor("after")
    return dataset_id, int(seq)


def encode_change_cursor(dataset_id: str, seq: int) -> str:
    """Return the cursor of the changes of a dataset after a seq."""
    return _encode(f"{dataset_id}/{seq}")


def encode_offset(number: int) -> str:
    """Return the token of the page that begins after `number` entries."""
    return _encode(str(number))


def encode_row_cursor(version: int, row: int, *, seq: int = 0) -> str:
    """Return the token of the page that begins at `row` of a table version.

    Includes its changes up to `seq`.
    """
    return _encode(f"{version}.{seq}.{row}")


def next_cursor(rows: Sequence[Row], size: int, key: Callable[[Row], str]) -> str | None:
    """Return the token of the next page; None if these rows are fewer than the page size."""
    return _encode(key(rows[-1])) if len(rows) == size else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MAX_SEQ_DIGITS


def _encode(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode()


def _invalid_cursor(parameter: str = "page_token") -> InvalidRequest:
    error = FieldError(detail=f"query parameter {parameter}: not a valid token")
    return InvalidRequest("The token is not valid", errors=[error])
