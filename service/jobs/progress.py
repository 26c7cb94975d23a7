"""How far an attempt is, written down while it goes on."""

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

PAUSE: Final = 0.25  # seconds: who follows a job looks no more often, and each time is a transaction


class JobSuperseded(Exception):
    """The job was cancelled, or another attempt has begun: what this one does does not count any more."""


class ProgressReporter:
    """Takes an attempt's progress: writes it down at once, or a moment later what is the latest by then."""

    def __init__(self, database: Database, job: JobRow, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._job, self._clock = database, job, clock
        self._writing = Lock()
        self._timer: Timer | None = None
        self._written = -PAUSE
        self._lost = False

    def __call__(self, stage: str, fraction: float) -> None:
        """Report a stage and the share that is done; JobLost if that is no longer this attempt's to say."""
        self._latest = stage, fraction
        early = self._written + PAUSE - self._clock()
        if early <= 0:
            self._write()
        elif self._timer is None:
            self._timer = Timer(early, self._write_late)
            self._timer.daemon = True
            self._timer.start()
        if self._lost:
            raise JobSuperseded

    def close(self) -> None:
        """Write nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _write_late(self) -> None:
        with suppress(Unavailable):  # the attempt itself will find that out
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
