"""Progress of a running attempt, written to the job's row."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Lock, Timer
from typing import Final

from service.errors import Unavailable
from service.jobs import repository
from service.jobs.rows import JobRow
from service.stores.database import Database

# Seconds between two writes, each a transaction; followers read no more often.
INTERVAL: Final = 0.25


class JobSuperseded(Exception):
    """The job was cancelled or another attempt has begun; this attempt is superseded."""


class ProgressReporter:
    """Throttled writer of an attempt's progress.

    Writes at once, or the latest progress when the interval is over.
    """

    def __init__(
        self, database: Database, job: JobRow, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._job, self._clock = database, job, clock
        self._writing = Lock()
        self._timer: Timer | None = None
        self._written = -INTERVAL
        self._lost = False

    def __call__(self, stage: str, fraction: float) -> None:
        """Report a stage and the fraction that is done.

        Raises JobSuperseded if the job is no longer this attempt's.
        """
        self._latest = stage, fraction
        delay = self._written + INTERVAL - self._clock()
        if delay <= 0:
            self._write()
        elif self._timer is None:
            self._timer = Timer(delay, self._write_late)
            self._timer.daemon = True
            self._timer.start()
        if self._lost:
            raise JobSuperseded

    def close(self) -> None:
        """Cancel a pending write."""
        if self._timer is not None:
            self._timer.cancel()

    def _write_late(self) -> None:
        with suppress(Unavailable):  # the attempt's own next write raises it
            self._write()

    def _write(self) -> None:
        with self._writing:
            self._timer, self._written = None, self._clock()
            stage, fraction = self._latest
            write = partial(
                repository.write_progress,
                job_id=self._job.id,
                attempt=self._job.attempt,
                stage=stage,
                progress=fraction,
            )
            self._lost = not self._database.write(write, repeatable=True)
