"""Several API processes on one port: starts, restarts and stops them."""

import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from service.config import Settings
from service.engine.supervisor import ChildSupervisor
from service.stores.database import now
from service.system.signals import exit_with_cleanup
from service.system.temp_directories import temporary_directory

STDOUT: Final = 1
# uvicorn waits ten seconds for running requests; then background tasks and stores are closed.
STOP_SECONDS: Final = 20.0


def run_processes(settings: Settings, sockets: list[socket.socket], *, load_sample: bool) -> None:
    """Serve on bound sockets by `settings.processes` child processes until SIGTERM or SIGINT."""
    exit_with_cleanup()
    with temporary_directory() as directory:
        command = [
            *(sys.executable, "-m", "service", "api-process"),
            *("--directory", str(directory), "--started", str(now().timestamp())),
            *(option for each in sockets for option in ("--socket", str(each.fileno()))),
            *(["--sample"] if load_sample else []),
        ]
        children = [
            ChildSupervisor(
                [*command, "--index", str(index)],
                name=f"API process {index}",
                env=settings.environment(),
                pass_fds=[each.fileno() for each in sockets],
                stdout=STDOUT,
            )
            for index in range(settings.processes)
        ]
        with _running(children, sockets):
            while True:
                signal.pause()  # until a handler raises SystemExit


@contextmanager
def _running(
    children: Sequence[ChildSupervisor], sockets: Sequence[socket.socket]
) -> Iterator[None]:
    """Run the children within a block; at its end, stop all of them at once."""
    try:
        for child in children:
            child.start()
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not cut responses off
        for child in children:
            child.terminate()
        for each in sockets:
            each.close()  # so that connections are refused once the last child has closed its own
        for child in children:
            child.stop(STOP_SECONDS)
