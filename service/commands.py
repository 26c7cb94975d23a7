"""The command line: serve, engine, scheduler, worker, certificates, migrate, adopt, keys, resign, sample."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import httpx
import typer
from fastapi import FastAPI

from service.access.commands import keys
from service.access.guard import LOOPBACK, acting_as
from service.access.operations import adopt_bootstrap_key, has_keys
from service.app import create_app
from service.callers import ANYONE
from service.certificates import make_certificates
from service.cluster import run_cluster, run_scheduler, run_workers
from service.config import Settings
from service.contact import Certificates, certificates_of
from service.lifeline import EmbeddedCluster
from service.memory import give_back_memory
from service.refusing import Commands
from service.registry.commands import resign
from service.sample import load_sample
from service.serving import serve_app, taken_address
from service.stores.database import Database, DatabaseUnavailable, wait_until_there
from service.stores.moving import copy_rows
from service.tracing import open_tracer
from service.web.logs import configure_logs

KEYLESS = (
    f"without keys the service listens only where nobody else can reach it: {', '.join(LOOPBACK)}. "
    "To reach it from elsewhere, make a key first: python -m service keys create --help"
)

Host = Annotated[str, typer.Option(help="The address to listen on: one of this machine's own.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")]

commands = typer.Typer(
    cls=Commands, help="Customer segmentation as a service.", no_args_is_help=True, add_completion=False
)
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
    with taken_address(host, port) as sockets, _engine_beside(settings):
        app = create_app(settings, tracer=open_tracer(), when_up=_load_sample if sample and first_start else None)
        serve_app(app, sockets, settings)


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


@contextmanager
def _engine_beside(settings: Settings) -> Iterator[None]:
    """Run the embedded engine meanwhile, unless another one is set."""
    if settings.engine_address:
        yield
        return
    cluster = EmbeddedCluster([sys.executable, "-m", "service", "engine"], env=settings.environment())
    cluster.start()
    try:
        yield
    finally:
        cluster.stop()


async def _load_sample(app: FastAPI) -> None:
    transport = httpx.ASGITransport(acting_as(app, ANYONE))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client:
        await load_sample(client)


def _exit(_: int, __: FrameType | None) -> None:
    sys.exit(0)
