"""Prometheus collector of job metrics.

Reads the jobs' rows at each scrape, as workers are other processes.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from service.jobs import repository
from service.jobs.repository import Finished
from service.stores.database import Database, DatabaseUnavailable, now
from service.web.metrics import DurationHistogram

FRESH_SECONDS: Final = 1.0
# Tolerates skew of the workers' clocks, and `finished_at` is set shortly before its transaction
# commits.
LOOK_BACK: Final = timedelta(minutes=5)
JOB_BOUNDS: Final = (
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1800.0,
    3600.0,
)
QUEUED: Final = "queued"


class JobCollector:
    """Collector of metrics on all tenants' jobs, the same in every process of the service.

    Counts the jobs that finished `since` the service started. No label names a tenant.
    """

    def __init__(
        self,
        database: Database,
        *,
        since: datetime | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._lock = Lock()
        self._refreshed = -FRESH_SECONDS
        self._since = since or now()
        self._seen: dict[str, datetime] = {}
        self._unfinished: Counter[tuple[str, str]] = Counter()
        self._oldest: datetime | None = None
        self._is_database_up = False
        self._finished: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[tuple[str, str], DurationHistogram] = {}

    def collect(self) -> Iterable[Metric]:
        """Return the metrics, refreshed at most once a second."""
        with self._lock:
            if self._clock() - self._refreshed >= FRESH_SECONDS:
                self._refresh()
                self._refreshed = self._clock()
            yield GaugeMetricFamily(
                "segmentation_database_up",
                "Whether the database can be reached.",
                value=self._is_database_up,
            )
            if self._is_database_up:
                yield from self._collect_unfinished()
            yield from self._collect_finished()

    def _refresh(self) -> None:
        refreshed = now()
        try:
            with self._database.reading() as session:
                unfinished = repository.count_by_state(session)
                self._oldest = repository.oldest_with_state(session, QUEUED)
                finished = repository.finished_since(session, self._since - LOOK_BACK)
        except DatabaseUnavailable:
            self._is_database_up = False
            return
        self._is_database_up = True
        self._unfinished = Counter({**dict.fromkeys(self._unfinished, 0), **unfinished})
        for job in finished:
            if job.id not in self._seen:
                self._count(job)
        self._since = refreshed
        self._seen = {
            job.id: job.finished_at for job in finished if job.finished_at >= refreshed - LOOK_BACK
        }

    def _count(self, job: Finished) -> None:
        self._finished[job.kind, job.state] += 1
        if job.state == "succeeded" and job.started_at:
            durations = self._seconds.setdefault(
                (job.kind, job.algorithm), DurationHistogram(JOB_BOUNDS)
            )
            durations.add((job.finished_at - job.started_at).total_seconds())

    def _collect_unfinished(self) -> Iterable[Metric]:
        jobs = GaugeMetricFamily("segmentation_jobs", "Unfinished jobs.", labels=["kind", "state"])
        for key, n in self._unfinished.items():
            jobs.add_metric(key, n)
        queued = sum(n for (_, state), n in self._unfinished.items() if state == QUEUED)
        age = max(0.0, (now() - self._oldest).total_seconds()) if self._oldest else 0.0
        yield jobs
        yield GaugeMetricFamily(
            "segmentation_queue_length", "Jobs waiting for a worker.", value=queued
        )
        yield GaugeMetricFamily(
            "segmentation_queue_age_seconds", "Age of the oldest waiting job.", value=age
        )

    def _collect_finished(self) -> Iterable[Metric]:
        finished = CounterMetricFamily(
            "segmentation_jobs_finished", "Finished jobs.", labels=["kind", "state"]
        )
        for key, n in self._finished.items():
            finished.add_metric(key, n)
        seconds = HistogramMetricFamily(
            "segmentation_job_seconds",
            "Duration of the successful attempt at a job; for fits, by algorithm.",
            labels=["kind", "algorithm"],
        )
        for labels, durations in self._seconds.items():
            durations.show(seconds, *labels)
        yield finished
        yield seconds
