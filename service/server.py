"""API process: migrates the schema, creates the bootstrap key, builds the app and runs uvicorn."""

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
BANNER: Final = {
    "/": "find and explore segments",
    "/docs": "try the API in Swagger UI",
    "/redoc": "read the API reference",
    "/readyz": "check readiness",
}
NO_KEY_MESSAGE: Final = (
    "without an API key, the service listens on loopback addresses only: "
    f"{', '.join(LOOPBACK_HOSTS)}. "
    "Create a key first: python -m service keys create --help"
)


def require_a_key(settings: Settings) -> None:
    """Raise BadParameter if no API key was ever created, as a non-loopback address needs one."""
    if settings.first_key():
        return
    migrate(settings)
    with closing(Database(settings.database_address())) as database:
        if not has_keys(database):
            raise typer.BadParameter(NO_KEY_MESSAGE, param_hint="--host")


def run_server(settings: Settings, sockets: list[socket.socket], *, sample: bool) -> None:
    """Serve on bound sockets until SIGTERM or SIGINT."""
    enable_malloc_trim()
    configure_logging(settings.log_level)
    is_first_start = migrate(settings)
    _create_bootstrap_key(settings)
    startup_task = _load_sample if sample and is_first_start else None
    app = create_app(settings, tracer=open_tracer(), startup_task=startup_task)
    server = _Server(_config(app, settings))
    # uvicorn re-raises the signal that stopped it; SystemExit then stops the engine, too.
    exit_by_unwinding()
    server.run(sockets)


def migrate(settings: Settings) -> bool:
    """Migrate the schema, after waiting for a database that is still starting.

    Return True on the first start.
    """
    with closing(Database(settings.database_address())) as database:
        try:
            return wait_until_available(database.migrate)
        except DatabaseUnavailable as error:
            typer.echo("The database cannot be reached; check SEGMENTATION_DATABASE_URL", err=True)
            raise typer.Exit(1) from error


def _create_bootstrap_key(settings: Settings) -> None:
    if first := settings.first_key():
        with closing(Database(settings.database_address())) as database:
            create_bootstrap_key(database, first)


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=cast("type[HttpProtocol]", _protocol_factory(settings)),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _protocol_factory(settings: Settings) -> partial[HttpProtocol]:
    return partial(
        HttpProtocol,
        head_seconds=settings.head_seconds,
        answer_seconds=settings.answer_seconds,
        turns=PipelineQueue(),
    )


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # Exempts the imported modules from collection, which took half of the time of large bodies.
        gc.freeze()
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            _print_banner(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


def _print_banner(url: str) -> None:
    typer.echo(f"Customer segmentation {RELEASE} listens on {url}")
    for path, text in BANNER.items():
        typer.echo(f"  {url}{path:<8} {text}")


async def _load_sample(app: FastAPI) -> None:
    import httpx  # noqa: PLC0415 - only on the first start

    from service.sample import load_sample  # noqa: PLC0415

    transport = httpx.ASGITransport(as_principal(app, LOCAL_ADMIN))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", timeout=60
    ) as client:
        await load_sample(client)
