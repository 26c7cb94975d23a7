"""Notifications that jobs have ended, delivered across threads."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

ANY: Final = ""


class JobWaiter:
    """Event that a coroutine waits for and any thread may set."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def notify(self) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> None:
        """Wait for the next notification, or until the timeout."""
        # `asyncio.wait_for` of Python 3.11 swallows a cancellation that coincides with the event.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


class JobNotifier:
    """Registry of the waiters for each job.

    A notification is only a hint: the job's row holds its state.
    """

    def __init__(self) -> None:
        self._waiters: defaultdict[str, list[JobWaiter]] = defaultdict(list)

    @contextmanager
    def subscribe(self, job_id: str = ANY) -> Iterator[JobWaiter]:
        """Register a waiter for a job, or for all jobs, within a block."""
        waiter = JobWaiter()
        self._waiters[job_id].append(waiter)
        try:
            yield waiter
        finally:
            self._waiters[job_id].remove(waiter)
            if not self._waiters[job_id]:
                del self._waiters[job_id]

    def notify(self, job_id: str) -> None:
        """Wake all waiters for a job; thread-safe."""
        for key in (job_id, ANY):
            for waiter in tuple(self._waiters.get(key, ())):
                waiter.notify()
