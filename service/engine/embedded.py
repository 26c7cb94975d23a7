"""Embedded engine: one process per home directory; starts the forkserver before its imports."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from service.engine.forkserver import start_forkserver
from service.engine.supervisor import exit_with_supervisor
from service.system.temp_directories import temporary_directory

LOCK_FILE: Final = "lock"


def run_embedded(*, directory: Path, n_workers: int, memory_limit: str | int, preload: str) -> None:
    """Run a scheduler and `n_workers` single-threaded workers until SIGTERM or SIGINT.

    A worker imports the module `preload` before it takes jobs, and is restarted when it comes near
    `memory_limit`. The address and the certificates are written to `directory`, which is made
    private.
    """
    exit_with_supervisor()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    with _exclusive_lock(directory), temporary_directory():
        start_forkserver(preload)
        from service.engine.cluster import run_cluster  # noqa: PLC0415 - imports in parallel with the forkserver

        run_cluster(directory, n_workers=n_workers, memory_limit=memory_limit, preload=preload)


@contextmanager
def _exclusive_lock(directory: Path) -> Iterator[None]:
    """Hold the directory's lock within a block.

    Services that share a home directory share one engine.
    """
    with (directory / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
