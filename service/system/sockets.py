"""Listening sockets of a server."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

LOOPBACK_HOSTS: Final = ("127.0.0.1", "localhost", "::1")


@contextmanager
def bind_sockets(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Bind all addresses of a host without listening, to report a taken port early.

    Connections are refused until the server listens.
    """
    with ExitStack() as stack:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            sockets = [
                stack.enter_context(_bind(family, address)) for family, _, _, _, address in infos
            ]
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{host}:{port}") from error
        yield sockets


def _bind(family: socket.AddressFamily, address: tuple[Any, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock
