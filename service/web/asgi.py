"""Fast helpers for raw ASGI headers, and checks of request heads."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from starlette.types import Message, Scope

_UPGRADE_HEADERS: Final = {b"connection", b"upgrade", b"http2-settings"}
_VERSIONS: Final = ("1.0", "1.1")
_HOST: Final = re.compile(rb"[\w.~!$&'()*+,;=:%\[\]-]*")


class BadHead(Exception):
    """The request head is malformed, or requires an HTTP feature that is not implemented."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def check_head(version: str, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Check the version, host and transfer codings (RFC 9112), which the parser does not."""
    if version not in _VERSIONS:
        raise BadHead(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Send HTTP/1.1")
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (version == "1.1" and not hosts):
        raise BadHead(HTTPStatus.BAD_REQUEST, "A request needs exactly one Host header")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise BadHead(HTTPStatus.BAD_REQUEST, "The Host header is not a valid host name")
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    if codings and version == "1.0":
        raise BadHead(HTTPStatus.BAD_REQUEST, "HTTP/1.0 does not support Transfer-Encoding")
    if codings not in ([], [b"chunked"]):
        raise BadHead(HTTPStatus.NOT_IMPLEMENTED, "The only supported Transfer-Encoding is chunked")


def get_header(scope: Scope, name: bytes) -> str | None:
    """Return the first header of a name, given in lower case."""
    for each, value in scope["headers"]:
        if each == name:
            return str(value, "latin-1")
    return None


def add_headers(message: Message, *headers: tuple[bytes, bytes]) -> None:
    """Append headers to a response start message, without replacing others of the same name."""
    message["headers"] = [*message.get("headers", ()), *headers]


def encode_without_upgrade(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Encode headers without those of an upgrade; keep `Connection: close`."""
    kept = [(name, value) for name, value in headers if name not in _UPGRADE_HEADERS]
    if any(name == b"connection" and b"close" in value.lower() for name, value in headers):
        kept.append((b"connection", b"close"))
    return b"".join(b"%b: %b\r\n" % each for each in kept)
