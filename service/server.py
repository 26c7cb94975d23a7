"""The running api: schema, first key, app, and the server that says where it listens once it does."""

import gc
import socket
from contextlib import closing
from functools import partial
from typing import Final, cast

import typer
import uvicorn
from fastapi import FastAPI

from service import RELEASE
from service.app import create_app
from service.auth.middleware import as_principal
from service.auth.operations import create_bootstrap_key, has_keys
from service.config import Settings
from service.malloc import enable_malloc_trim
from service.principals import LOCAL_ADMIN
from service.signals import exit_by_unwinding
from service.sockets import LOOPBACK_HOSTS
from service.stores.database import Database, DatabaseUnavailable, wait_until_available
from service.tracing import open_tracer
from service.web.http_protocol import HttpProtocol
from service.web.logging import configure_logging
from service.web.pipeline_queue import PipelineQueue

GRACE_SECONDS: Final = 10
WELCOME: Final = {
    "/": "find segments, and look at them",
    "/docs": "try it out",
    "/redoc": "read the reference",
    "/readyz": "is all there?",
}
KEYLESS: Final = (
    f"without keys the service listens only where nobody else can reach it: {', '.join(LOOPBACK_HOSTS)}. "
    "To reach it from elsewhere, make a key first: python -m service keys create --help"
)


def require_a_key(settings: Settings) -> None:
    """Refuse to listen where strangers are, as long as there has never been a key."""
    if settings.first_key():
        return
    migrate(settings)
    with closing(Database(settings.database_address())) as database:
        if not has_keys(database):
            raise typer.BadParameter(KEYLESS, param_hint="--host")


def run_server(settings: Settings, sockets: list[socket.socket], *, sample: bool) -> None:
    """Serve on addresses that were taken until this process is asked to end."""
    enable_malloc_trim()
    configure_logging(settings.log_level)
    first_start = migrate(settings)
    _create_bootstrap_key(settings)
    app = create_app(settings, tracer=open_tracer(), when_up=_load_sample if sample and first_start else None)
    server = _Server(_config(app, settings))
    exit_by_unwinding()  # uvicorn raises the signal that ended it once more: the engine is stopped on the way out
    server.run(sockets)


def migrate(settings: Settings) -> bool:
    """Bring the schema up to date, once the database is there: it may start at the same time as we do."""
    with closing(Database(settings.database_address())) as database:
        try:
            return wait_until_available(database.migrate)
        except DatabaseUnavailable as error:
            typer.echo("The database cannot be reached; see SEGMENTATION_DATABASE_URL", err=True)
            raise typer.Exit(1) from error


def _create_bootstrap_key(settings: Settings) -> None:
    if first := settings.first_key():
        with closing(Database(settings.database_address())) as database:
            create_bootstrap_key(database, first)


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=cast("type[HttpProtocol]", _connection(settings)),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _connection(settings: Settings) -> partial[HttpProtocol]:
    return partial(
        HttpProtocol,
        head_seconds=settings.head_seconds,
        answer_seconds=settings.answer_seconds,
        turns=PipelineQueue(),
    )


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()  # what is there stays: to look for garbage in it took large bodies half their time
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            _print_banner(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


def _print_banner(url: str) -> None:
    typer.echo(f"Customer segmentation {RELEASE} listens on {url}")
    for path, what in WELCOME.items():
        typer.echo(f"  {url}{path:<8} {what}")


async def _load_sample(app: FastAPI) -> None:
    import httpx  # noqa: PLC0415 - on a first start alone

    from service.sample import load_sample  # noqa: PLC0415

    transport = httpx.ASGITransport(as_principal(app, LOCAL_ADMIN))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client:
        await load_sample(client)
