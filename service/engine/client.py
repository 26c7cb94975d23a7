"""Client of the job engine: submits jobs to Dask, queries their state and cancels them."""

import asyncio
import itertools
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from distributed import Client, Future, Security, fire_and_forget, get_worker
from distributed.client import ClosedClientError
from tornado.ioloop import IOLoop

from service.engine.job_events import JobNotifier
from service.engine.scheduler_file import SchedulerInfo, TlsCredentials
from service.errors import Unavailable

TIMEOUT = 1.0  # seconds to wait for the scheduler before EngineUnavailable is raised
GRACE_SECONDS = 0.5  # seconds in which a cancelled job may stop by itself
POLL_INTERVAL = 0.05  # seconds between two checks of whether it did
ENDED = "ended"  # Dask topic on which workers publish the ids of jobs that ended
ROLES = ("client", "scheduler", "worker")
CLOSE_TIMEOUT = 0.2  # seconds in which a worker may close before it is killed


class EngineUnavailable(Unavailable):
    """The job engine cannot be reached at the moment; try again shortly."""


class JobEngine:
    """Client of the Dask cluster that calls an entry point, "module:function", with job ids.

    The entry point is imported in workers only.

    Without an address, the scheduler file in `directory` locates the embedded cluster. All methods
    are thread-safe and block, so never call them on an event loop's thread. Each waits about a
    second for the scheduler, then raises EngineUnavailable. After a restart of the cluster, even at
    another address, the next call reconnects. `endings` notifies of every job that ends by itself,
    including those that other processes submitted.
    """

    def __init__(
        self,
        *,
        address: str | None,
        directory: Path,
        entry_point: str,
        certificates: TlsCredentials | None = None,
    ) -> None:
        self._remote = (
            SchedulerInfo(address=address, certificates=certificates) if address else None
        )
        self._directory = directory
        self._entry_point = entry_point
        self._connecting = threading.Lock()
        self._client: Client | None = None
        self.endings = JobNotifier()
        self._loop = _LoopThread()
        # EngineUnavailable reports a lost scheduler; Dask would also log it.
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    def submit(self, job_id: str) -> None:
        """Submit a job; does nothing if the cluster already knows it."""
        client = self._connected()
        with _unavailable_when_lost():
            fire_and_forget(client.submit(run_job, self._entry_point, job_id, key=_key(job_id)))

    def unknown(self, job_ids: Sequence[str]) -> list[str]:
        """Return the jobs that are neither queued nor running in the cluster."""
        states = self._ask("get_task_status", keys=[_key(job_id) for job_id in job_ids])
        return [job_id for job_id in job_ids if states[_key(job_id)] is None]

    def slots(self) -> int:
        """Return the number of jobs that can run at once."""
        return int(self._ask("identity", n_workers=0)["total_threads"])

    def ready(self) -> bool:
        """Return whether the cluster has a worker."""
        try:
            return self.slots() > 0
        except EngineUnavailable:
            return False

    def cancel(self, job_id: str, worker: str | None) -> None:
        """Cancel a job whose row is cancelled already.

        Kill the `worker` of that row if it is still running the job.
        """
        client = self._connected()
        with _unavailable_when_lost():
            Future(_key(job_id), client).cancel(force=True)
        if worker and self._is_running_after_grace(job_id, worker):
            with suppress(KeyError):  # the worker has already exited
                # On a busy machine a killed worker may take longer to exit than its nanny waits by
                # default.
                kill = {"op": "kill", "timeout": CLOSE_TIMEOUT}
                self._ask("broadcast", msg=kill, workers=[worker], nanny=True, on_error="ignore")

    def close(self) -> None:
        """Disconnect from the cluster; its jobs continue."""
        with self._connecting:
            self._disconnect()
            self._loop.stop()

    def _is_running_after_grace(self, job_id: str, worker: str) -> bool:
        """Ask a worker until the grace period ends, and at least twice.

        On a busy machine one question may time out, which takes longer than the period.
        """
        deadline = time.monotonic() + GRACE_SECONDS
        for n_asked in itertools.count(1):
            if not self._is_running(job_id, worker):
                return False
            if n_asked > 1 and time.monotonic() > deadline:
                break
            time.sleep(POLL_INTERVAL)
        return True

    def _is_running(self, job_id: str, worker: str) -> bool:
        """Query the worker itself.

        The scheduler has forgotten the job, and the worker may already run another one.
        """
        if worker not in self._ask("identity")["workers"]:
            return False
        question = {"op": "call_stack", "keys": [_key(job_id)]}
        try:
            answers = self._ask("broadcast", msg=question, workers=[worker], on_error="ignore")
        except EngineUnavailable:
            return True  # the worker is too busy to respond, so it is assumed to run the job
        return worker not in answers or _key(job_id) in answers[worker]

    def _ask(self, question: str, **arguments: object) -> Any:  # noqa: ANN401 - Dask ships no types for its responses
        client = self._connected()

        async def ask() -> object:
            return await getattr(client.scheduler, question)(**arguments)

        with _unavailable_when_lost():
            return client.sync(ask, callback_timeout=TIMEOUT)

    def _connected(self) -> Client:
        if not self._connecting.acquire(timeout=TIMEOUT):
            raise EngineUnavailable
        try:
            if self._client is None or self._client.status != "running":
                self._disconnect()
                with _unavailable_when_lost():
                    scheduler = self._remote or SchedulerInfo.read(self._directory)
                    client = Client(
                        scheduler.address,
                        security=dask_security(scheduler.certificates),
                        timeout=TIMEOUT,
                        loop=self._loop.loop,
                        set_as_default=False,
                    )
                    client.subscribe_topic(ENDED, self._notify)
                self._client = client
            return self._client
        finally:
            self._connecting.release()

    def _notify(self, event: tuple[float, str]) -> None:
        _, job_id = event
        self.endings.notify(job_id)

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError):  # the scheduler is gone
                client.close(timeout=TIMEOUT)


def run_job(entry_point: str, job_id: str) -> None:
    """Call the entry point inside a worker, then publish that the job ended."""
    module, _, function = entry_point.partition(":")
    try:
        getattr(import_module(module), function)(job_id)
    finally:
        get_worker().log_event(ENDED, job_id)


def current_worker() -> str:
    """Return the address of the worker that runs this code; empty outside of one."""
    try:
        return str(get_worker().address)
    except ValueError:
        return ""


class _LoopThread:
    """Event loop shared by all clients.

    With a loop of its own, a client that fails to connect would leak a thread.
    """

    def __init__(self) -> None:
        started = threading.Event()
        self._thread = threading.Thread(
            target=asyncio.run, args=[self._run(started)], name="engine", daemon=True
        )
        self._thread.start()
        started.wait()

    async def _run(self, started: threading.Event) -> None:
        self.loop = IOLoop.current()
        self._stopping = asyncio.Event()
        started.set()
        await self._stopping.wait()

    def stop(self) -> None:
        self.loop.add_callback(self._stopping.set)
        self._thread.join()


@contextmanager
def _unavailable_when_lost() -> Iterator[None]:
    try:
        yield
    except (OSError, ClosedClientError, AttributeError, RuntimeError) as lost:
        # A client closed by another thread has no scheduler (AttributeError) or no running loop
        # (RuntimeError).
        raise EngineUnavailable from lost


def _key(job_id: str) -> str:
    return f"job-{job_id}"


def dask_security(certificates: TlsCredentials | None) -> Security | None:
    """Build Dask's TLS configuration, with one certificate for every role."""
    if certificates is None:
        return None
    pairs = {f"tls_{role}_cert": certificates.certificate for role in ROLES}
    pairs |= {f"tls_{role}_key": certificates.key for role in ROLES}
    return Security(require_encryption=True, tls_ca_file=certificates.ca, **pairs)
