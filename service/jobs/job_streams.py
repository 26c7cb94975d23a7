"""Feeds of jobs: one poll of a job's row serves all of its followers in this process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from service.engine.job_events import JobNotifier
from service.errors import NotFound, TooManyFollowers
from service.jobs import repository
from service.jobs.rows import UNFINISHED, JobRow
from service.stores.database import Database

# Between two reads of a job's row, as a killed worker sends no notification.
POLL_SECONDS: Final = 0.25
CHECK_SECONDS: Final = 0.5  # between two checks of a follower's authorization


class JobStream:
    """The current row of one job for any number of readers.

    A slow reader skips intermediate states.
    """

    def __init__(self) -> None:
        self.n_readers = 0
        self._row: JobRow | None = None
        self._error: Exception | None = None
        self._changed = asyncio.Event()

    async def after(self, seen: JobRow | None) -> JobRow:
        """Wait for a row newer than `seen`; raises the error that ended the feed."""
        while self._row is None or self._row is seen:
            if self._error:
                raise self._error
            await self._changed.wait()
        return self._row

    async def rows(self, is_allowed: Callable[[], Awaitable[bool]]) -> AsyncIterator[JobRow]:
        """Iterate over the row and its changes until the job ends or `is_allowed` is False."""
        seen: JobRow | None = None
        while await is_allowed():
            row = seen
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    row = await self.after(seen)
            if row is None or row is seen:
                continue
            yield row
            if row.state not in UNFINISHED:
                return
            seen = row

    def publish(self, row: JobRow) -> None:
        """Wake all readers if the job has changed."""
        if self._row is None or _progress(row) != _progress(self._row):
            self._row = row
            self._wake()

    def fail(self, error: Exception) -> None:
        """Raise an error for all readers."""
        self._error = error
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class JobStreams:
    """The active feeds of this process; a feed ends with its last reader."""

    def __init__(
        self,
        database: Database,
        endings: JobNotifier,
        *,
        max_followers: int,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._endings = endings
        self._poll_seconds = poll_seconds
        self._max_followers = max_followers
        self._n_followers = 0
        self._streams: dict[str, tuple[JobStream, asyncio.Task[None]]] = {}

    async def wait_for(self, job_id: str, *, seconds: float) -> JobRow:
        """Wait until a job is finished, or until the timeout.

        Holds no thread and no session meanwhile.
        """
        with self._joined(job_id) as stream:
            row = await stream.after(None)
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while row.state in UNFINISHED:
                        row = await stream.after(row)
            return row

    @contextmanager
    def follow(self, job_id: str) -> Iterator[JobStream]:
        """Follow a job within a block; raises TooManyFollowers above the limit of this process."""
        if self._n_followers >= self._max_followers:
            raise TooManyFollowers(
                f"{self._max_followers} requests follow jobs already; poll the job instead"
            )
        self._n_followers += 1
        try:
            with self._joined(job_id) as stream:
                yield stream
        finally:
            self._n_followers -= 1

    @contextmanager
    def _joined(self, job_id: str) -> Iterator[JobStream]:
        if job_id not in self._streams:
            stream = JobStream()
            self._streams[job_id] = (
                stream,
                asyncio.create_task(self._poll_until_finished(job_id, stream)),
            )
        stream, polling = self._streams[job_id]
        stream.n_readers += 1
        try:
            yield stream
        finally:
            stream.n_readers -= 1
            if not stream.n_readers:
                polling.cancel()
                del self._streams[job_id]

    async def _poll_until_finished(self, job_id: str, stream: JobStream) -> None:
        try:
            with self._endings.subscribe(job_id) as ending:
                while (row := await asyncio.to_thread(self._read, job_id)).state in UNFINISHED:
                    stream.publish(row)
                    await ending.wait(self._poll_seconds)
            stream.publish(row)
        except Exception as error:  # noqa: BLE001 - every reader of the feed raises it
            stream.fail(error)

    def _read(self, job_id: str) -> JobRow:
        with self._database.reading() as session:
            row = repository.find_job(session, job_id)
        if row is None:
            raise NotFound("There is no such job")
        return row


def _progress(row: JobRow) -> tuple[object, ...]:
    return row.state, row.stage, row.progress, row.attempt
