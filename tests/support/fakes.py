"""In-memory fakes that keep the contracts of the classes that they replace."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Lock
from typing import Any

from service.engine.client import EngineUnavailable
from service.engine.job_events import JobNotifier
from service.stores import Stores
from service.tasks import run_attempt
from service.tracing import Tracer


class Lines(StringIO):
    """Stands for the standard error stream."""

    def take(self):
        written = self.getvalue().splitlines()
        self.seek(0)
        self.truncate()
        return [json.loads(line) for line in written]


class InlineEngine:
    """Runs jobs in a thread of this process."""

    def __init__(
        self, stores: Stores, *, max_attempts: int = 3, tracer: Tracer | None = None
    ) -> None:
        self._stores = stores
        self._tracer = tracer
        self._most_attempts = max_attempts
        self._threads = ThreadPoolExecutor(max_workers=1)
        self._known: set[str] = set()
        self._lock = Lock()
        self.cancelled: list[str] = []
        self.endings = JobNotifier()

    def submit(self, job_id: str) -> None:
        with self._lock:
            if job_id in self._known:
                return
            self._known.add(job_id)
        self._threads.submit(self._run, job_id)

    def unknown(self, job_ids: Sequence[str]) -> list[str]:
        return [job_id for job_id in job_ids if job_id not in self._known]

    def slots(self) -> int:
        return 1

    def ready(self) -> bool:
        return True

    def cancel(self, job_id: str, worker: str | None) -> None:  # noqa: ARG002 - the engine's interface
        self.cancelled.append(job_id)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def _run(self, job_id: str) -> None:
        run_attempt(self._stores, job_id, max_attempts=self._most_attempts, tracer=self._tracer)
        self._known.discard(job_id)
        self.endings.notify(job_id)


class IdleEngine(InlineEngine):
    """Takes jobs and never runs one, as when no worker is there yet."""

    def _run(self, job_id: str) -> None:
        pass


class AbsentEngine(InlineEngine):
    """Stands for a cluster that cannot be reached."""

    def submit(self, job_id: str) -> None:  # noqa: ARG002 - the engine's interface
        raise EngineUnavailable

    def ready(self) -> bool:
        return False

    def cancel(self, job_id: str, worker: str | None) -> None:  # noqa: ARG002 - the engine's interface
        raise EngineUnavailable


class Interrupted:
    """Stands for a store, or any other part, to whose use something else happens first."""

    def __init__(self, part: Any, method: str, happens: Callable[[], object]) -> None:
        self._part = part
        self._method = method
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            self._happens()
        return getattr(self._part, name)


async def teapot(scope, receive, send):
    """Answer every request with 418."""
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
    else:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b""})
