"""The addresses that a server will listen on."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

LOOPBACK_HOSTS: Final = ("127.0.0.1", "localhost", "::1")  # where nobody but this machine can ask


@contextmanager
def bind_sockets(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Take an address before all else is started, or nothing is; whoever comes early is refused until it serves."""
    with ExitStack() as sockets:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            taken = [sockets.enter_context(_bound(family, address)) for family, _, _, _, address in found]
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{host}:{port}") from error
        yield taken


def _bound(family: socket.AddressFamily, address: tuple[Any, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
