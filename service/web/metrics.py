"""Prometheus metrics of the requests, and registries for further collectors."""

import asyncio
import platform
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate, chain
from threading import Lock
from typing import Final, Protocol

from fastapi.concurrency import run_in_threadpool
from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder

from service import RELEASE
from service.stores.lru_cache import CacheStats
from service.web.metric_snapshots import MetricFamilies, MetricSnapshots

SNAPSHOT_SECONDS: Final = 1.0
REQUEST_BOUNDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)


class Collector(Protocol):
    """Prometheus collector: computes its metrics at each scrape."""

    def collect(self) -> Iterable[Metric]:
        """Return the current metrics."""


class DurationHistogram:
    """Histogram of durations in seconds. Not thread-safe."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def show(self, family: HistogramMetricFamily, *labels: str) -> None:
        """Add the buckets and the sum to a metric family."""
        bounds = [*map(str, self._bounds), "+Inf"]
        buckets = zip(bounds, map(float, accumulate(self._counts)), strict=True)
        family.add_metric(labels, list(buckets), self._sum)


class Metrics:
    """Metrics of one process, or of a group of processes that exchange snapshots.

    Request counters are plain numbers that only the event loop changes: a request costs two lookups
    and no lock.
    """

    def __init__(
        self,
        caches: Callable[[], Mapping[str, CacheStats]],
        *,
        snapshots: MetricSnapshots | None = None,
    ) -> None:
        self._caches = caches
        self._snapshots = snapshots
        self._requests: dict[tuple[str, str, int], int] = {}
        self._seconds: dict[tuple[str, str], DurationHistogram] = {}
        self._in_flight = 0
        self._rows = 0
        self._rows_lock = Lock()
        self._process_registry = CollectorRegistry()
        self._process_registry.register(ProcessCollector(registry=None))
        self._process_registry.register(self)
        self._service_registry = CollectorRegistry()

    def add(self, collector: Collector) -> None:
        """Register a collector of metrics that are the same in every process."""
        self._service_registry.register(collector)

    def begin_request(self) -> None:
        self._in_flight += 1

    def end_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a completed request by its route pattern, as the path may contain a customer id."""
        self._in_flight -= 1
        key = (method, route, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        durations = self._seconds.get((method, route))
        if durations is None:
            durations = self._seconds[method, route] = DurationHistogram(REQUEST_BOUNDS)
        durations.add(seconds)

    def count_rows(self, n: int) -> None:
        """Count assigned customers. Thread-safe."""
        with self._rows_lock:
            self._rows += n

    @property
    def n_rows(self) -> int:
        return self._rows

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics in the exposition format that `Accept` prefers, and its media type."""
        encode, media_type = choose_encoder(accept)
        if self._snapshots is None:
            processes: Iterable[Metric] = self._process_registry.collect()
        else:
            self.write_snapshot()
            processes = self._snapshots.collect()
        families = chain(processes, self._service_registry.collect())
        return encode(MetricFamilies(families)), media_type

    def write_snapshot(self) -> None:
        """Write the snapshot that the other processes of the group read, if there are any."""
        if self._snapshots:
            self._snapshots.write(self._process_registry.collect)

    async def write_snapshots_forever(self) -> None:
        """Write a snapshot every second, if there are other processes."""
        while self._snapshots:
            await run_in_threadpool(self.write_snapshot)
            await asyncio.sleep(SNAPSHOT_SECONDS)

    def collect(self) -> Iterable[Metric]:
        build = GaugeMetricFamily(
            "segmentation_build_info",
            "Release of the service and version of Python.",
            labels=["version", "python"],
        )
        build.add_metric([RELEASE, platform.python_version()], 1)
        yield build
        yield from self._collect_requests()
        yield CounterMetricFamily(
            "segmentation_rows_assigned", "Customers assigned by requests.", value=self._rows
        )
        yield from self._collect_caches()

    def _collect_requests(self) -> Iterable[Metric]:
        labels = ["method", "route"]
        requests = CounterMetricFamily(
            "segmentation_requests",
            "Completed requests by route pattern.",
            labels=[*labels, "status"],
        )
        for (method, route, status), n in list(self._requests.items()):
            requests.add_metric([method, route, str(status)], n)
        seconds = HistogramMetricFamily(
            "segmentation_request_seconds",
            "Seconds from the request's head to the last byte of the response.",
            labels=labels,
        )
        for key, durations in list(self._seconds.items()):
            durations.show(seconds, *key)
        yield requests
        yield seconds
        yield GaugeMetricFamily(
            "segmentation_requests_in_flight",
            "Requests in progress, including this one.",
            value=self._in_flight,
        )

    def _collect_caches(self) -> Iterable[Metric]:
        labels = ["cache"]
        hits = CounterMetricFamily("segmentation_cache_hits", "Cache hits.", labels=labels)
        misses = CounterMetricFamily("segmentation_cache_misses", "Cache misses.", labels=labels)
        entries = GaugeMetricFamily(
            "segmentation_cache_entries", "Entries in the cache.", labels=labels
        )
        filled = GaugeMetricFamily(
            "segmentation_cache_fill_ratio", "Used share of the cache's capacity.", labels=labels
        )
        for name, use in self._caches().items():
            hits.add_metric([name], use.hits)
            misses.add_metric([name], use.misses)
            entries.add_metric([name], use.entries)
            filled.add_metric([name], use.fill_ratio)
        return hits, misses, entries, filled
