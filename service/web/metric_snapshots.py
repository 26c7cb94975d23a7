"""Metrics of several processes: a snapshot of each in a file, and their sums."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Final

from prometheus_client import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from service.system.process_group import ProcessGroup

STALE_SECONDS: Final = 5.0
CUMULATIVE: Final = frozenset({"counter", "histogram"})
# Metrics that are not added up.
COMBINE: Final[Mapping[str, Callable[[float, float], float]]] = {
    "process_max_fds": max,
    "process_start_time_seconds": min,
    "segmentation_build_info": max,
    "segmentation_cache_fill_ratio": max,
}

SampleKey = tuple[str, tuple[tuple[str, str], ...]]


class MetricFamilies:
    """Metrics in the form that prometheus_client's encoders take: a registry."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class MetricSnapshots:
    """Snapshots of the metrics of all processes of a group, one file per process.

    Counters never decrease: a restarted process adds to those of its predecessor, and a scrape
    writes the snapshot of its own process before it reads all of them. Gauges of a process that no
    longer writes its snapshot are dropped.
    """

    def __init__(self, group: ProcessGroup) -> None:
        self._directory = group.directory
        self._file = group.metrics_file()
        self._lock = Lock()
        self._predecessor = _cumulative(_read(self._file)) if self._file.exists() else []

    def write(self, collect: Callable[[], Iterable[Metric]]) -> None:
        """Write the snapshot of this process; on a full disk, the last one stays."""
        with self._lock, suppress(OSError):
            families = merge([self._predecessor, collect()])
            draft = self._file.with_suffix(".draft")
            draft.write_bytes(generate_latest(MetricFamilies(families)))
            draft.replace(self._file)

    def collect(self) -> list[Metric]:
        """Return the metrics of all processes together."""
        snapshots = []
        for file in sorted(self._directory.glob("*.prom")):
            is_fresh = time.time() - file.stat().st_mtime < STALE_SECONDS
            families = _read(file)
            # An ended process keeps its counts, but holds no more memory or connections.
            snapshots.append(families if is_fresh else _cumulative(families))
        return merge(snapshots)


def merge(snapshots: Iterable[Iterable[Metric]]) -> list[Metric]:
    """Combine the metrics of several processes, sample by sample."""
    families: dict[str, Metric] = {}
    values: dict[str, dict[SampleKey, float]] = {}
    for family in chain.from_iterable(snapshots):
        families.setdefault(family.name, family)
        combined = values.setdefault(family.name, {})
        combine = COMBINE.get(family.name, float.__add__)
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            value = float(sample.value)
            combined[key] = combine(combined[key], value) if key in combined else value
    return [_family(family, values[name]) for name, family in families.items()]


def _family(family: Metric, values: Mapping[SampleKey, float]) -> Metric:
    """Build a metric of the kind of `family` from its samples' values."""
    built = Metric(family.name, family.documentation, family.type, family.unit)
    built.samples = [Sample(name, dict(labels), value) for (name, labels), value in values.items()]
    return built


def _read(file: Path) -> list[Metric]:
    return list(text_string_to_metric_families(file.read_text()))


def _cumulative(families: Iterable[Metric]) -> list[Metric]:
    return [family for family in families if family.type in CUMULATIVE]
