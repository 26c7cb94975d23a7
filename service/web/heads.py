"""Headers as ASGI has them: for what every request passes through, and so should cost next to nothing."""

from collections.abc import Sequence
from typing import Final

from starlette.types import Message, Scope

_WISHES: Final = {b"connection", b"upgrade", b"http2-settings"}


def header(scope: Scope, name: bytes) -> str | None:
    """Give the first header of this name, which is written in small letters."""
    for each, value in scope["headers"]:
        if each == name:
            return str(value, "latin-1")
    return None


def add_headers(message: Message, *headers: tuple[bytes, bytes]) -> None:
    """Add headers, which nobody else sets, to the beginning of an answer."""
    message["headers"] = [*message.get("headers", ()), *headers]


def without_wish(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Write headers but the wish for another protocol; whether the connection is wanted after the answer stays."""
    kept = [(name, value) for name, value in headers if name not in _WISHES]
    if any(name == b"connection" and b"close" in value.lower() for name, value in headers):
        kept.append((b"connection", b"close"))
    return b"".join(b"%b: %b\r\n" % each for each in kept)
