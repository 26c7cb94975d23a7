"""Wakes whoever waits for jobs as soon as one has ended."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

ANY: Final = ""


class JobWaiter:
    """Something that is waited for in an event loop, and told of from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Wake who waits."""
        with suppress(RuntimeError):  # the loop was closed meanwhile
            self._loop.call_soon_threadsafe(self._event.set)

    async def within(self, seconds: float) -> None:
        """Wait until it is told of again, or the time is over."""
        # Not by `wait_for`: that of Python 3.11 forgets that it was cancelled, if it is told at the same moment.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


class JobNotifier:
    """The endings that somebody waits for. To be told is a hint: what has become of the job is in its row."""

    def __init__(self) -> None:
        self._awaited: defaultdict[str, list[JobWaiter]] = defaultdict(list)

    @contextmanager
    def of(self, job_id: str = ANY) -> Iterator[JobWaiter]:
        """Wait for the ending of a job, or of any, within a block."""
        ending = JobWaiter()
        self._awaited[job_id].append(ending)
        try:
            yield ending
        finally:
            self._awaited[job_id].remove(ending)
            if not self._awaited[job_id]:
                del self._awaited[job_id]

    def tell(self, job_id: str) -> None:
        """Wake all who wait for this job; may be called from any thread."""
        for awaited in (job_id, ANY):
            for ending in tuple(self._awaited.get(awaited, ())):
                ending.tell()
