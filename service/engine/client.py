"""The one job engine as the api sees it: hand jobs to Dask, ask after them, take them back."""

import asyncio
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

SOON = 1.0  # seconds to wait for the scheduler before the caller is told to come back later
GRACE_SECONDS = 0.5  # seconds in which a cancelled job may stop by itself
LOOK = 0.05  # seconds between two looks at whether it did
ENDED = "ended"  # where workers tell which job has just ended
ROLES = ("client", "scheduler", "worker")
CLOSING = 0.2  # seconds in which its worker may close before it is killed


class EngineUnavailable(Unavailable):
    """The job engine cannot be reached at the moment; try again shortly."""


class JobEngine:
    """Runs an entry point, "module:function", with job ids; only workers import it.

    Without an address it finds the embedded cluster by what that left in `directory`. All methods may be called from
    any thread but that of an event loop. They wait for each answer of the scheduler, about a second at most, then raise
    EngineUnavailable. A cluster that comes back, at another address too, is found again by the next call. `endings`
    tells of each job that has ended by itself, whoever submitted it.
    """

    def __init__(
        self,
        *,
        address: str | None,
        directory: Path,
        entry_point: str,
        certificates: TlsCredentials | None = None,
    ) -> None:
        self._remote = SchedulerInfo(address=address, certificates=certificates) if address else None
        self._directory = directory
        self._entry_point = entry_point
        self._connecting = threading.Lock()
        self._client: Client | None = None
        self.endings = JobNotifier()
        self._loop = _LoopThread()
        _silence_dask()

    def submit(self, job_id: str) -> None:
        """Have a worker run a job; one that the cluster already knows is not run twice."""
        client = self._connected()
        with _unavailable_when_lost():
            fire_and_forget(client.submit(run_job, self._entry_point, job_id, key=_key(job_id)))

    def unknown(self, job_ids: Sequence[str]) -> list[str]:
        """Give the jobs that the cluster neither runs nor is going to run."""
        states = self._ask("get_task_status", keys=[_key(job_id) for job_id in job_ids])
        return [job_id for job_id in job_ids if states[_key(job_id)] is None]

    def slots(self) -> int:
        """Count how many jobs can run at once."""
        return int(self._ask("identity", n_workers=0)["total_threads"])

    def ready(self) -> bool:
        """Say whether there is a worker for a job submitted now."""
        try:
            return self.slots() > 0
        except EngineUnavailable:
            return False

    def cancel(self, job_id: str, worker: str | None) -> None:
        """Take back a job whose row says so already, and end the `worker` of that row if it goes on with it."""
        client = self._connected()
        with _unavailable_when_lost():
            Future(_key(job_id), client).cancel(force=True)
        if worker and self._is_running_after_grace(job_id, worker):
            self._end(worker)

    def close(self) -> None:
        """Let go of the cluster; its jobs go on."""
        with self._connecting:
            self._disconnect()
            self._loop.stop()

    def _is_running_after_grace(self, job_id: str, worker: str) -> bool:
        deadline = time.monotonic() + GRACE_SECONDS
        while self._runs(job_id, worker):
            if time.monotonic() > deadline:
                return True
            time.sleep(LOOK)
        return False

    def _runs(self, job_id: str, worker: str) -> bool:
        """Ask the worker: the scheduler has forgotten the job, and the worker may have gone on to another by now."""
        if worker not in self._ask("identity")["workers"]:
            return False
        question = {"op": "call_stack", "keys": [_key(job_id)]}
        try:
            answers = self._ask("broadcast", msg=question, workers=[worker], on_error="ignore")
        except EngineUnavailable:
            return True  # too busy to answer, so it is busy with what the row says
        return worker not in answers or _key(job_id) in answers[worker]

    def _end(self, worker: str) -> None:
        with suppress(KeyError):  # it ended meanwhile
            # On a busy machine a worker that was killed may take longer to end than its nanny waits for it.
            kill = {"op": "kill", "timeout": CLOSING}
            self._ask("broadcast", msg=kill, workers=[worker], nanny=True, on_error="ignore")

    def _ask(self, question: str, **arguments: object) -> Any:  # noqa: ANN401 - Dask ships no types for its answers
        client = self._connected()

        async def ask() -> object:
            return await getattr(client.scheduler, question)(**arguments)

        with _unavailable_when_lost():
            return client.sync(ask, callback_timeout=SOON)

    def _connected(self) -> Client:
        if not self._connecting.acquire(timeout=SOON):
            raise EngineUnavailable
        try:
            if self._client is None or self._client.status != "running":
                self._disconnect()
                self._client = self._connect()
            return self._client
        finally:
            self._connecting.release()

    def _connect(self) -> Client:
        with _unavailable_when_lost():
            contact = self._remote or SchedulerInfo.read(self._directory)
            client = Client(
                contact.address,
                security=dask_security(contact.certificates),
                timeout=SOON,
                loop=self._loop.loop,
                set_as_default=False,
            )
            client.subscribe_topic(ENDED, self._tell)
        return client

    def _tell(self, event: tuple[float, str]) -> None:
        _, job_id = event
        self.endings.tell(job_id)

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError):  # the scheduler is gone
                client.close(timeout=SOON)


def run_job(entry_point: str, job_id: str) -> None:
    """Run a job, inside a worker."""
    module, _, function = entry_point.partition(":")
    try:
        getattr(import_module(module), function)(job_id)
    finally:
        get_worker().log_event(ENDED, job_id)


def current_worker() -> str:
    """Give the address of the worker that we run in, for the job's row; outside of one it is empty."""
    try:
        return str(get_worker().address)
    except ValueError:
        return ""


class _LoopThread:
    """One event loop for all clients to come: of its own, a client that cannot connect would leave a thread behind."""

    def __init__(self) -> None:
        started = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=[self._run(started)], name="engine", daemon=True)
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
        # A client that is closed meanwhile has no scheduler (AttributeError) or no running loop (RuntimeError).
        raise EngineUnavailable from lost


def _key(job_id: str) -> str:
    return f"job-{job_id}"


def dask_security(certificates: TlsCredentials | None) -> Security | None:
    """Take part in a cluster with one certificate, as whatever we are in it."""
    if certificates is None:
        return None
    pairs = {f"tls_{role}_cert": certificates.certificate for role in ROLES}
    pairs |= {f"tls_{role}_key": certificates.key for role in ROLES}
    return Security(require_encryption=True, tls_ca_file=certificates.ca, **pairs)


def _silence_dask() -> None:
    """Keep to ourselves what Dask would log about a lost scheduler: EngineUnavailable says it to the caller."""
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
