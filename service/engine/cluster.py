"""Dask clusters: a scheduler and its workers, on this machine or on several.

A nanny restarts a worker that dies; `dispatch` of `service/jobs/operations.py` reruns its job.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask
from distributed import Nanny, Scheduler
from distributed.utils import get_mp_context

from service.engine.certificates import NO_EXPIRY, issue_certificates
from service.engine.client import dask_security
from service.engine.forkserver import METHOD, start_forkserver
from service.engine.scheduler_file import SchedulerInfo, TlsCredentials
from service.engine.supervisor import kill_when_parent_exits, kill_when_pipe_closes

HOST = "127.0.0.1"
NICENESS = 10  # requests take precedence over jobs
CLOSE_TIMEOUT = 1.0  # seconds in which a busy worker may close before it is killed
SETTINGS = {
    "distributed.admin.system-monitor.interval": "5s",  # its measurements are not used
    "distributed.admin.tick.interval": "1s",
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.worker-saturation": 1.0,
    # A worker that holds the GIL sends no heartbeat, but is alive.
    "distributed.scheduler.worker-ttl": None,
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.worker.multiprocessing-method": METHOD,
}
TLS_WITHOUT_DASHBOARD: dict[str, Any] = {
    "protocol": "tls",
    "dashboard": False,
    "dashboard_address": f"{HOST}:0",
}
LOCAL: dict[str, Any] = {"host": HOST, **TLS_WITHOUT_DASHBOARD}
RECONNECT_SECONDS = 1.0  # seconds between a worker's attempts to reach a scheduler


def run_cluster(directory: Path, *, n_workers: int, memory_limit: str | int, preload: str) -> None:
    """Run a scheduler and its workers, and write the scheduler file to `directory`."""
    logging.getLogger("distributed").setLevel(logging.ERROR)
    SchedulerInfo.delete_file(directory)
    worker = partial(
        Nanny,
        nthreads=1,
        memory_limit=memory_limit,
        preload=[preload, __name__],
        local_directory=str(directory),
        **LOCAL,
    )
    with dask.config.set(SETTINGS), suppress(asyncio.CancelledError):
        _configure_forkserver(preload)
        asyncio.run(_run_local_cluster(directory, n_workers, worker))


def run_scheduler(*, host: str, port: int, certificates: TlsCredentials) -> None:
    """Run a scheduler without workers until SIGTERM or SIGINT.

    Workers on any machine may join it.
    """
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with dask.config.set(SETTINGS), suppress(asyncio.CancelledError):
        asyncio.run(_run_remote_scheduler(host, port, certificates))


def run_workers(
    *,
    scheduler: str,
    n_workers: int,
    memory_limit: str | int,
    preload: str,
    certificates: TlsCredentials,
) -> None:
    """Run `n_workers` single-threaded workers for a remote scheduler until SIGTERM or SIGINT.

    They retry until the scheduler is up, and reconnect after it restarts.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with (
        TemporaryDirectory() as directory,
        dask.config.set(SETTINGS),
        suppress(asyncio.CancelledError),
    ):
        worker = partial(
            Nanny,
            scheduler,
            nthreads=1,
            memory_limit=memory_limit,
            preload=[preload, __name__],
            local_directory=directory,
            security=dask_security(certificates),
            **TLS_WITHOUT_DASHBOARD,
        )
        _configure_forkserver(preload)
        asyncio.run(_run_remote_workers(n_workers, worker))


def _configure_forkserver(preload: str) -> None:
    """Set the forkserver's preload list again.

    Dask overwrites it when it first creates its multiprocessing context.
    """
    get_mp_context()
    start_forkserver(preload)


def dask_setup(_worker: object) -> None:
    """Prepare a worker, called by Dask because the module is preloaded.

    It exits with the engine or the forkserver.
    """
    engine = multiprocessing.parent_process()
    if engine is not None:
        kill_when_pipe_closes(engine.sentinel)
        kill_when_parent_exits(os.getppid())
    os.nice(NICENESS)


async def _run_local_cluster(directory: Path, n_workers: int, worker: Callable[..., Nanny]) -> None:
    _stop_on_signals()
    certificates = issue_certificates(NO_EXPIRY)
    security = dask_security(certificates)
    async with Scheduler(port=0, security=security, **LOCAL) as scheduler:
        SchedulerInfo(address=scheduler.address, certificates=certificates).write(directory)
        try:
            async with asyncio.TaskGroup() as slots:
                for slot in range(n_workers):
                    slots.create_task(
                        _keep_worker_alive(
                            partial(worker, scheduler.address, name=slot, security=security)
                        )
                    )
        finally:
            SchedulerInfo.delete_file(directory)


async def _run_remote_scheduler(host: str, port: int, certificates: TlsCredentials) -> None:
    _stop_on_signals()
    async with Scheduler(
        host=host, port=port, security=dask_security(certificates), **TLS_WITHOUT_DASHBOARD
    ) as scheduler:
        await scheduler.finished()


async def _run_remote_workers(n_workers: int, worker: Callable[[], Nanny]) -> None:
    _stop_on_signals()
    async with asyncio.TaskGroup() as slots:
        for _ in range(n_workers):
            slots.create_task(_reconnect_forever(worker))


async def _reconnect_forever(worker: Callable[[], Nanny]) -> None:
    while True:
        with suppress(OSError, RuntimeError):  # the scheduler is not up, or is gone
            await _keep_worker_alive(worker)
        # An error on closing, as when the scheduler exits, may have replaced a CancelledError.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        await asyncio.sleep(RECONNECT_SECONDS)


async def _keep_worker_alive(worker: Callable[[], Nanny]) -> None:
    """Start a new nanny each time that one fails.

    A nanny itself restarts a worker that dies.
    """
    while True:
        nanny = await worker()  # cancelled here, its worker exits with this process
        try:
            await nanny.finished()
        finally:
            await nanny.close(timeout=CLOSE_TIMEOUT)


def _stop_on_signals() -> None:
    task = asyncio.current_task()
    if task is not None:
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)
