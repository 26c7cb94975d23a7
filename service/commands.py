"""The command line: serve, engine, scheduler, worker, certificates, migrate, adopt, keys, resign, sample."""

import asyncio
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, cast

import httpx
import typer
import uvicorn
from fastapi import FastAPI

from service import RELEASE
from service.access.commands import keys
from service.access.guard import LOOPBACK, acting_as
from service.access.operations import adopt_bootstrap_key, has_keys
from service.app import create_app
from service.callers import ANYONE
from service.certificates import make_certificates
from service.cluster import run_cluster, run_scheduler, run_workers
from service.config import Settings
from service.contact import Certificates, certificates_of
from service.errors import Conflict
from service.lifeline import EmbeddedCluster
from service.memory import give_back_memory
from service.registry.commands import resign
from service.sample import load_sample
from service.stores.database import Database, DatabaseUnavailable, wait_until_there
from service.stores.moving import copy_rows
from service.tracing import open_tracer
from service.web.connections import Connection
from service.web.logs import configure_logs

GRACE_SECONDS = 10
WELCOME = {
    "/": "find segments, and look at them",
    "/docs": "try it out",
    "/redoc": "read the reference",
    "/readyz": "is all there?",
}
KEYLESS = (
    f"without keys the service listens only where nobody else can reach it: {', '.join(LOOPBACK)}. "
    "To reach it from elsewhere, make a key first: python -m service keys create --help"
)

Host = Annotated[str, typer.Option(help="The address to listen on: one of this machine's own.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")]

commands = typer.Typer(help="Customer segmentation as a service.", no_args_is_help=True, add_completion=False)
commands.add_typer(keys)
commands.command()(resign)


@commands.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    *,
    sample: Annotated[bool, typer.Option("--sample", help="Load the sample on the first start.")] = False,
) -> None:
    """Start the service, with its embedded engine unless another one is set."""
    give_back_memory()
    settings = Settings()
    configure_logs(settings.log_level)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, _exit)
    first_start = _migrate(settings)
    if _is_keyless(settings) and host not in LOOPBACK:
        raise typer.BadParameter(KEYLESS, param_hint="--host")
    cluster = None if settings.engine_address else _start_cluster(settings)
    try:
        app = create_app(settings, tracer=open_tracer(), when_up=_load_sample if sample and first_start else None)
        _Server(_config(app, host, port, settings)).run()
    finally:
        if cluster:
            cluster.stop()


@commands.command()
def engine() -> None:
    """Run the embedded engine alone: a scheduler and its workers. `serve` does so by itself."""
    settings = Settings()
    configure_logs(settings.log_level)
    run_cluster(
        directory=settings.engine_directory(),
        n_workers=settings.workers,
        memory_limit=settings.worker_memory,
        preload="service.tasks",
    )


@commands.command()
def scheduler(host: Host = "127.0.0.1", port: Port = 8786) -> None:
    """Run the scheduler of an engine on several machines; SEGMENTATION_ENGINE_CA and so on let others in."""
    settings = Settings()
    configure_logs(settings.log_level)
    run_scheduler(host=host, port=port, certificates=_certificates(settings))


@commands.command()
def worker(
    scheduler: Annotated[str | None, typer.Option(help="Its address; SEGMENTATION_ENGINE_ADDRESS if absent.")] = None,
) -> None:
    """Run this machine's workers for a scheduler elsewhere, with the same stores as the service."""
    settings = Settings()
    configure_logs(settings.log_level)
    address = scheduler or settings.engine_address
    if address is None:
        raise typer.BadParameter("there is no address of a scheduler", param_hint="--scheduler")
    run_workers(
        scheduler=address,
        n_workers=settings.workers,
        memory_limit=settings.worker_memory,
        preload="service.tasks",
        certificates=_certificates(settings),
    )


@commands.command()
def certificates(
    directory: Annotated[Path, typer.Option(help="Where ca.pem, certificate.pem and key.pem are left.")],
    days: Annotated[int, typer.Option(min=1, help="How long they are valid.")] = 3650,
    *,
    renew: Annotated[bool, typer.Option("--renew", help="Replace those that are there.")] = False,
) -> None:
    """Make the certificates of an engine on several machines: one for its scheduler, its workers and the service."""
    made = make_certificates(directory, days=days, renew=renew)
    typer.echo("The certificates were made." if made else "The certificates are there.")


@commands.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    fresh = _migrate(Settings())
    typer.echo("The schema was made." if fresh else "The schema is up to date.")


@commands.command()
def adopt(
    sqlite: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Such as var/metadata.sqlite.")],
) -> None:
    """Copy the metadata of an embedded database into the empty one that SEGMENTATION_DATABASE_URL names."""
    source, target = Database(f"sqlite:///{sqlite.resolve()}"), Database(Settings().database_address())
    try:
        source.migrate()
        target.migrate()
        typer.echo(f"{copy_rows(source, target)} rows were copied.")
    except Conflict as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from refusal
    finally:
        source.close()
        target.close()


@commands.command()
def sample(
    url: Annotated[str, typer.Option(help="The running service.")] = "http://127.0.0.1:8000",
    key_file: Annotated[typer.FileText | None, typer.Option(help="A file with a key, where one is needed.")] = None,
) -> None:
    """Load the sample dataset into a running service and fit a model to it."""
    headers = {"Authorization": f"Bearer {key_file.read().strip()}"} if key_file else {}

    async def load() -> None:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
            await load_sample(client)

    try:
        asyncio.run(load())
    except httpx.HTTPError as error:
        typer.echo(f"The sample could not be loaded into {url}: {error}", err=True)
        raise typer.Exit(1) from error


def _config(app: FastAPI, host: str, port: int, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host,
        port,
        http=cast("type[Connection]", partial(Connection, head_seconds=settings.head_seconds)),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            _welcome(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


def _welcome(url: str) -> None:
    typer.echo(f"Customer segmentation {RELEASE} listens on {url}")
    for path, what in WELCOME.items():
        typer.echo(f"  {url}{path:<8} {what}")


def _certificates(settings: Settings) -> Certificates:
    certificates = certificates_of(settings)
    if certificates is None:
        raise typer.BadParameter(
            "set SEGMENTATION_ENGINE_CA, SEGMENTATION_ENGINE_CERTIFICATE and SEGMENTATION_ENGINE_KEY"
        )
    return certificates


def _migrate(settings: Settings) -> bool:
    """Bring the schema up to date, once the database is there: it may start at the same time as we do."""
    database = Database(settings.database_address())
    try:
        return wait_until_there(database.migrate)
    except DatabaseUnavailable as error:
        typer.echo("The database cannot be reached; see SEGMENTATION_DATABASE_URL", err=True)
        raise typer.Exit(1) from error
    finally:
        database.close()


def _is_keyless(settings: Settings) -> bool:
    """Tell whether the service has no keys, after the first one has been taken from the settings."""
    database = Database(settings.database_address())
    first = settings.first_key()
    try:
        if first:
            adopt_bootstrap_key(database, first)
        return not has_keys(database)
    finally:
        database.close()


def _start_cluster(settings: Settings) -> EmbeddedCluster:
    cluster = EmbeddedCluster([sys.executable, "-m", "service", "engine"], env=settings.environment())
    cluster.start()
    return cluster


async def _load_sample(app: FastAPI) -> None:
    transport = httpx.ASGITransport(acting_as(app, ANYONE))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client:
        await load_sample(client)


def _exit(_: int, __: FrameType | None) -> None:
    sys.exit(0)
