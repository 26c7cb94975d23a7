"""Headers as ASGI has them: for what every request passes through, and so should cost next to nothing."""

from starlette.types import Message, Scope


def header(scope: Scope, name: bytes) -> str | None:
    """Give the first header of this name, which is written in small letters."""
    for each, value in scope["headers"]:
        if each == name:
            return str(value, "latin-1")
    return None


def add_headers(message: Message, *headers: tuple[bytes, bytes]) -> None:
    """Add headers, which nobody else sets, to the beginning of an answer."""
    message["headers"] = [*message.get("headers", ()), *headers]
