"""Command line of the service.

Each command imports its own dependencies, so that `serve` starts the engine before it imports the
API.
"""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.auth.api_keys import check_key_format
from service.cli.artifacts import resign, sweep
from service.cli.errors import ErrorReportingGroup
from service.cli.keys import keys
from service.config import Settings
from service.signing_keys import signing_keys
from service.system.sockets import LOOPBACK_HOSTS, bind_sockets

if TYPE_CHECKING:
    from service.engine.scheduler_file import TlsCredentials

WORKER_PRELOAD = "service.tasks"

Host = Annotated[str, typer.Option(help="Host name or IP address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")]

Sample = Annotated[
    bool, typer.Option("--sample", help="Load the sample dataset on the first start.")
]

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
    processes: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Number of API processes; default: SEGMENTATION_PROCESSES, or 1."
        ),
    ] = None,
    *,
    sample: Sample = False,
) -> None:
    """Start the service, with an embedded job engine unless SEGMENTATION_ENGINE_ADDRESS is set."""
    settings = Settings(processes=processes) if processes else Settings()
    # A taken port and weak keys are reported before the engine, which takes seconds, is started.
    with bind_sockets(host, port) as sockets:
        signing_keys(settings)
        if first := settings.first_key():
            check_key_format(first)
        if host not in LOOPBACK_HOSTS:
            from service.server.startup import require_a_key

            require_a_key(settings)
        with _embedded_engine(settings):
            _serve(settings, sockets, sample=sample)


def _serve(settings: Settings, sockets: list[socket.socket], *, sample: bool) -> None:
    from service.server.startup import prepare_database
    from service.web.logging import configure_logging

    configure_logging(settings.log_level)
    load_sample = prepare_database(settings) and sample
    if settings.processes > 1:
        from service.server.multiprocess import run_processes

        run_processes(settings, sockets, load_sample=load_sample)
    else:
        from service.server.uvicorn_server import run_server

        run_server(settings, sockets, load_sample=load_sample)


@commands.command(hidden=True)
def api_process(
    directory: Annotated[Path, typer.Option(help="Directory that all API processes share.")],
    started: Annotated[float, typer.Option(help="Time at which the service started.")],
    index: Annotated[int, typer.Option(help="Number of this process, from 0.")],
    sockets: Annotated[list[int], typer.Option("--socket", help="Inherited listening socket.")],
    *,
    sample: Sample = False,
) -> None:
    """Run one of the API processes of `serve --processes`, which starts this command."""
    from service.engine.supervisor import exit_with_supervisor
    from service.system.process_group import ProcessGroup

    exit_with_supervisor()
    group = ProcessGroup(
        directory=directory, index=index, started=datetime.fromtimestamp(started, UTC)
    )
    from service.server.uvicorn_server import run_server

    inherited = [socket.socket(fileno=number) for number in sockets]
    run_server(Settings(), inherited, load_sample=sample, group=group)


@commands.command()
def engine() -> None:
    """Run only the embedded job engine: a scheduler and its workers.

    `serve` starts one by itself.
    """
    from service.engine.embedded import run_embedded
    from service.web.logging import configure_logging

    settings = Settings()
    configure_logging(settings.log_level)
    run_embedded(
        directory=settings.engine_directory(),
        n_workers=settings.workers,
        memory_limit=settings.worker_memory,
        preload=WORKER_PRELOAD,
    )


@commands.command()
def scheduler(host: Host = "127.0.0.1", port: Port = 8786) -> None:
    """Run the scheduler of a job engine on several machines, with the configured certificates."""
    from service.engine.cluster import run_scheduler
    from service.web.logging import configure_logging

    settings = Settings()
    configure_logging(settings.log_level)
    run_scheduler(host=host, port=port, certificates=_certificates(settings))


@commands.command()
def worker(
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of the scheduler; default: SEGMENTATION_ENGINE_ADDRESS."),
    ] = None,
) -> None:
    """Run workers on this machine for a remote scheduler, with the same stores as the service."""
    from service.engine.forkserver import start_forkserver
    from service.system.temp_directories import temporary_directory

    with temporary_directory():
        start_forkserver(WORKER_PRELOAD)
        from service.engine.cluster import run_workers
        from service.web.logging import configure_logging

        settings = Settings(engine_address=scheduler) if scheduler else Settings()
        configure_logging(settings.log_level)
        if settings.engine_address is None:
            raise typer.BadParameter(
                "set --scheduler or SEGMENTATION_ENGINE_ADDRESS", param_hint="--scheduler"
            )
        run_workers(
            scheduler=settings.engine_address,
            n_workers=settings.workers,
            memory_limit=settings.worker_memory,
            preload=WORKER_PRELOAD,
            certificates=_certificates(settings),
        )


@commands.command()
def certificates(
    directory: Annotated[
        Path, typer.Option(help="Directory to write ca.pem, certificate.pem and key.pem to.")
    ],
    days: Annotated[int, typer.Option(min=1, help="Validity in days.")] = 3650,
    *,
    renew: Annotated[bool, typer.Option("--renew", help="Replace existing certificates.")] = False,
) -> None:
    """Create the TLS certificate that scheduler, workers and service on several machines share."""
    from service.engine.certificates import make_certificates

    is_new = make_certificates(directory, days=days, renew=renew)
    typer.echo(
        "Certificates created."
        if is_new
        else "The certificates already exist; nothing was changed."
    )


@commands.command()
def migrate() -> None:
    """Create the database's schema or upgrade it to this release."""
    from service.server.startup import migrate as migrate_schema

    is_new = migrate_schema(Settings())
    typer.echo("The schema was created." if is_new else "The schema is up to date.")


@commands.command()
def adopt(
    sqlite: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="SQLite file, such as var/metadata.sqlite."
        ),
    ],
) -> None:
    """Copy the embedded database into the empty database of SEGMENTATION_DATABASE_URL."""
    from service.stores.copy_database import copy_rows
    from service.stores.database import Database

    source, target = (
        Database(f"sqlite:///{sqlite.resolve()}"),
        Database(Settings().database_address()),
    )
    try:
        source.migrate()
        target.migrate()
        typer.echo(f"{copy_rows(source, target)} rows copied.")
    finally:
        source.close()
        target.close()


@commands.command()
def sample(
    url: Annotated[str, typer.Option(help="URL of the running service.")] = "http://127.0.0.1:8000",
    key_file: Annotated[
        typer.FileText | None, typer.Option(help="File with an API key, if the service needs one.")
    ] = None,
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


@contextmanager
def _embedded_engine(settings: Settings) -> Iterator[None]:
    """Run the embedded engine as a child process within a block, unless a remote one is set."""
    if settings.engine_address:
        yield
        return
    from service.engine.supervisor import ChildSupervisor

    cluster = ChildSupervisor(
        [sys.executable, "-m", "service", "engine"], env=settings.environment()
    )
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
            "set SEGMENTATION_ENGINE_CA, SEGMENTATION_ENGINE_CERTIFICATE and "
            "SEGMENTATION_ENGINE_KEY"
        )
    return certificates
