"""The command line: serve, engine, scheduler, worker, certificates, migrate, adopt, keys, resign, sweep, sample.

Each command imports what it needs by itself: the engine is to begin before the api has been imported.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.auth.api_keys import check_well_formed
from service.cli.artifacts import resign, sweep
from service.cli.errors import ErrorReportingGroup
from service.cli.keys import keys
from service.config import Settings
from service.signing_keys import signing_keys
from service.sockets import LOOPBACK_HOSTS, bind_sockets

if TYPE_CHECKING:
    from service.engine.scheduler_file import TlsCredentials

JOBS = "service.tasks"

Host = Annotated[str, typer.Option(help="The address to listen on: one of this machine's own.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")]

commands = typer.Typer(
    cls=ErrorReportingGroup,
    help="Customer segmentation as a service.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
commands.add_typer(keys)
commands.command()(resign)
commands.command()(sweep)


@commands.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    *,
    sample: Annotated[bool, typer.Option("--sample", help="Load the sample on the first start.")] = False,
) -> None:
    """Start the service, with its embedded engine unless another one is set."""
    settings = Settings()
    with bind_sockets(host, port) as sockets:
        _require_keys(settings)
        if host not in LOOPBACK_HOSTS:
            from service.server import require_a_key

            require_a_key(settings)
        with _engine_beside(settings):
            from service.server import run_server

            run_server(settings, sockets, sample=sample)


@commands.command()
def engine() -> None:
    """Run the embedded engine alone: a scheduler and its workers. `serve` does so by itself."""
    from service.engine.embedded import run_embedded
    from service.web.logging import configure_logging

    settings = Settings()
    configure_logging(settings.log_level)
    run_embedded(
        directory=settings.engine_directory(),
        n_workers=settings.workers,
        memory_limit=settings.worker_memory,
        preload=JOBS,
    )


@commands.command()
def scheduler(host: Host = "127.0.0.1", port: Port = 8786) -> None:
    """Run the scheduler of an engine on several machines; SEGMENTATION_ENGINE_CA and so on let others in."""
    from service.engine.cluster import run_scheduler
    from service.web.logging import configure_logging

    settings = Settings()
    configure_logging(settings.log_level)
    run_scheduler(host=host, port=port, certificates=_certificates(settings))


@commands.command()
def worker(
    scheduler: Annotated[str | None, typer.Option(help="Its address; SEGMENTATION_ENGINE_ADDRESS if absent.")] = None,
) -> None:
    """Run this machine's workers for a scheduler elsewhere, with the same stores as the service."""
    from service.engine.forkserver import start_forkserver
    from service.temp_directories import temporary_directory

    with temporary_directory():
        start_forkserver(JOBS)
        _work(scheduler)


def _work(scheduler: str | None) -> None:
    from service.engine.cluster import run_workers
    from service.web.logging import configure_logging

    settings = Settings(engine_address=scheduler) if scheduler else Settings()
    configure_logging(settings.log_level)
    if settings.engine_address is None:
        raise typer.BadParameter("there is no address of a scheduler", param_hint="--scheduler")
    run_workers(
        scheduler=settings.engine_address,
        n_workers=settings.workers,
        memory_limit=settings.worker_memory,
        preload=JOBS,
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
    from service.engine.certificates import make_certificates

    made = make_certificates(directory, days=days, renew=renew)
    typer.echo("The certificates were made." if made else "The certificates are there.")


@commands.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from service.server import migrate as bring_up_to_date

    fresh = bring_up_to_date(Settings())
    typer.echo("The schema was made." if fresh else "The schema is up to date.")


@commands.command()
def adopt(
    sqlite: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Such as var/metadata.sqlite.")],
) -> None:
    """Copy the metadata of an embedded database into the empty one that SEGMENTATION_DATABASE_URL names."""
    from service.stores.copy_database import copy_rows
    from service.stores.database import Database

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
    import httpx

    from service.sample import load_sample

    headers = {"Authorization": f"Bearer {key_file.read().strip()}"} if key_file else {}

    async def load() -> None:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
            await load_sample(client)

    try:
        asyncio.run(load())
    except httpx.HTTPError as error:
        typer.echo(f"The sample could not be loaded into {url}: {error}", err=True)
        raise typer.Exit(1) from error


def _require_keys(settings: Settings) -> None:
    """Refuse keys that cannot be, before anything is started."""
    signing_keys(settings)
    if first := settings.first_key():
        check_well_formed(first)


@contextmanager
def _engine_beside(settings: Settings) -> Iterator[None]:
    """Run the embedded engine beside what follows, unless the settings name another one."""
    if settings.engine_address:
        yield
        return
    from service.engine.supervisor import ChildSupervisor

    cluster = ChildSupervisor([sys.executable, "-m", "service", "engine"], env=settings.environment())
    cluster.start()
    try:
        yield
    finally:
        cluster.stop()


def _certificates(settings: Settings) -> "TlsCredentials":
    from service.engine.scheduler_file import tls_credentials

    certificates = tls_credentials(settings)
    if certificates is None:
        raise typer.BadParameter(
            "set SEGMENTATION_ENGINE_CA, SEGMENTATION_ENGINE_CERTIFICATE and SEGMENTATION_ENGINE_KEY"
        )
    return certificates
