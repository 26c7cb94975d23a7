"""Clusters: a scheduler and its workers on this machine and for this user alone, or each on a machine of its own."""

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

from service.engine.certificates import FOR_EVER, issue_certificates
from service.engine.client import dask_security
from service.engine.forkserver import METHOD, start_forkserver
from service.engine.scheduler_file import SchedulerInfo, TlsCredentials
from service.engine.supervisor import kill_when_parent_exits, kill_when_pipe_closes

HOST = "127.0.0.1"
NICENESS = 10  # jobs give way to requests
CLOSING = 1.0  # seconds that a busy worker gets when the cluster stops
SETTINGS = {
    "distributed.admin.system-monitor.interval": "5s",  # nobody looks at what it notes
    "distributed.admin.tick.interval": "1s",
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.worker-ttl": None,  # a step that holds the GIL is no death: the dead close their connection
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.worker.multiprocessing-method": METHOD,
}
UNSEEN: dict[str, Any] = {"protocol": "tls", "dashboard": False, "dashboard_address": f"{HOST}:0"}
LOCAL: dict[str, Any] = {"host": HOST, **UNSEEN}
LOOK_AGAIN = 1.0  # seconds until a worker looks again for a scheduler that was not there


def run_cluster(directory: Path, *, n_workers: int, memory_limit: str | int, preload: str) -> None:
    """Run a scheduler and its workers, and leave in `directory` how to reach them."""
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
        asyncio.run(_serve(directory, n_workers, worker))


def run_scheduler(*, host: str, port: int, certificates: TlsCredentials) -> None:
    """Run a scheduler alone, for workers on any machine, until SIGTERM or SIGINT."""
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with dask.config.set(SETTINGS), suppress(asyncio.CancelledError):
        asyncio.run(_schedule(host, port, certificates))


def run_workers(
    *, scheduler: str, n_workers: int, memory_limit: str | int, preload: str, certificates: TlsCredentials
) -> None:
    """Run `n_workers` workers, of one thread each, for a scheduler elsewhere, until SIGTERM or SIGINT.

    They wait for a scheduler that is not there yet, and come back to one that is started again.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with TemporaryDirectory() as directory, dask.config.set(SETTINGS), suppress(asyncio.CancelledError):
        worker = partial(
            Nanny,
            scheduler,
            nthreads=1,
            memory_limit=memory_limit,
            preload=[preload, __name__],
            local_directory=directory,
            security=dask_security(certificates),
            **UNSEEN,
        )
        _configure_forkserver(preload)
        asyncio.run(_work(n_workers, worker))


def _configure_forkserver(preload: str) -> None:
    """Say what a nursery imports that has to be opened again, after Dask has said what it would have it import."""
    get_mp_context()
    start_forkserver(preload)


def dask_setup(_worker: object) -> None:
    """Prepare a worker, as Dask asks a preloaded module to: it ends with the engine, and with the nursery."""
    engine = multiprocessing.parent_process()
    if engine is not None:
        kill_when_pipe_closes(engine.sentinel)
        kill_when_parent_exits(os.getppid())
    os.nice(NICENESS)


async def _serve(directory: Path, n_workers: int, worker: Callable[..., Nanny]) -> None:
    _stop_on_signals()
    certificates = issue_certificates(FOR_EVER)
    security = dask_security(certificates)
    async with Scheduler(port=0, security=security, **LOCAL) as scheduler:
        SchedulerInfo(address=scheduler.address, certificates=certificates).write(directory)
        try:
            async with asyncio.TaskGroup() as slots:
                for slot in range(n_workers):
                    slots.create_task(
                        _keep_worker_alive(partial(worker, scheduler.address, name=slot, security=security))
                    )
        finally:
            SchedulerInfo.delete_file(directory)


async def _schedule(host: str, port: int, certificates: TlsCredentials) -> None:
    _stop_on_signals()
    async with Scheduler(host=host, port=port, security=dask_security(certificates), **UNSEEN) as scheduler:
        await scheduler.finished()


async def _work(n_workers: int, worker: Callable[[], Nanny]) -> None:
    _stop_on_signals()
    async with asyncio.TaskGroup() as slots:
        for _ in range(n_workers):
            slots.create_task(_reconnect_forever(worker))


async def _reconnect_forever(worker: Callable[[], Nanny]) -> None:
    while True:
        with suppress(OSError, RuntimeError):  # no scheduler there, or none any more
            await _keep_worker_alive(worker)
        _reraise_cancellation()
        await asyncio.sleep(LOOK_AGAIN)


def _reraise_cancellation() -> None:
    """Be cancelled after all, where an error while closing hid that: the scheduler may have ended at the same time."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _keep_worker_alive(worker: Callable[[], Nanny]) -> None:
    """Keep one worker alive; a nanny replaces a worker that dies, and this a nanny that gave up."""
    while True:
        nanny = await worker()  # not to be closed before it is up: stopped during that, its worker ends with us
        try:
            await nanny.finished()
        finally:
            await nanny.close(timeout=CLOSING)


def _stop_on_signals() -> None:
    serving = asyncio.current_task()
    if serving is not None:
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, serving.cancel)
