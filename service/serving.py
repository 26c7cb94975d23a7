"""The server: takes its address before all else, and says where it listens once it does."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final, cast

import typer
import uvicorn
from fastapi import FastAPI

from service import RELEASE
from service.config import Settings
from service.web.connections import Connection

GRACE_SECONDS: Final = 10
WELCOME: Final = {
    "/": "find segments, and look at them",
    "/docs": "try it out",
    "/redoc": "read the reference",
    "/readyz": "is all there?",
}


@contextmanager
def taken_address(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Take an address before all else is started, or nothing is; whoever comes early is refused until it serves."""
    with ExitStack() as sockets:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            taken = [sockets.enter_context(_bound(family, address)) for family, _, _, _, address in found]
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{host}:{port}") from error
        yield taken


def serve_app(app: FastAPI, sockets: list[socket.socket], settings: Settings) -> None:
    """Serve an app on addresses that were taken, until this process is asked to end."""
    _Server(_config(app, settings)).run(sockets)


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


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=cast("type[Connection]", _connection(settings)),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _connection(settings: Settings) -> partial[Connection]:
    return partial(Connection, head_seconds=settings.head_seconds, answer_seconds=settings.answer_seconds)


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            _welcome(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


def _welcome(url: str) -> None:
    typer.echo(f"Customer segmentation {RELEASE} listens on {url}")
    for path, what in WELCOME.items():
        typer.echo(f"  {url}{path:<8} {what}")
