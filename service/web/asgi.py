"""Headers as ASGI has them: for what every request passes through, and so should cost next to nothing."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from starlette.types import Message, Scope

_WISHES: Final = {b"connection", b"upgrade", b"http2-settings"}
_VERSIONS: Final = ("1.0", "1.1")
_HOST: Final = re.compile(rb"[\w.~!$&'()*+,;=:%\[\]-]*")


class BadHead(Exception):
    """A head that HTTP does not allow, or that asks for a part of HTTP that is not implemented."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def check_head(version: str, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Check what the parser leaves to the server: the version, the host and the transfer codings (RFC 9112)."""
    if version not in _VERSIONS:
        raise BadHead(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Send HTTP/1.1")
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (version == "1.1" and not hosts):
        raise BadHead(HTTPStatus.BAD_REQUEST, "A request needs exactly one Host header")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise BadHead(HTTPStatus.BAD_REQUEST, "The Host header is not the name of a host")
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    if codings and version == "1.0":
        raise BadHead(HTTPStatus.BAD_REQUEST, "HTTP/1.0 knows no Transfer-Encoding")
    if codings not in ([], [b"chunked"]):
        raise BadHead(HTTPStatus.NOT_IMPLEMENTED, "The only Transfer-Encoding that can be read is chunked")


def get_header(scope: Scope, name: bytes) -> str | None:
    """Give the first header of this name, which is written in small letters."""
    for each, value in scope["headers"]:
        if each == name:
            return str(value, "latin-1")
    return None


def add_headers(message: Message, *headers: tuple[bytes, bytes]) -> None:
    """Add headers, which nobody else sets, to the beginning of an answer."""
    message["headers"] = [*message.get("headers", ()), *headers]


def without_upgrade_headers(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Write headers but the wish for another protocol; whether the connection is wanted after the answer stays."""
    kept = [(name, value) for name, value in headers if name not in _WISHES]
    if any(name == b"connection" and b"close" in value.lower() for name, value in headers):
        kept.append((b"connection", b"close"))
    return b"".join(b"%b: %b\r\n" % each for each in kept)
