"""Metrics of several processes, added up."""

import os
from functools import partial

import pytest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from service.stores.database import now
from service.system.process_group import ProcessGroup
from service.web.metric_snapshots import STALE_SECONDS, MetricSnapshots


@pytest.fixture
def process(tmp_path):
    """Start a process of a group."""

    def start(index):
        return MetricSnapshots(ProcessGroup(directory=tmp_path, index=index, started=now()))

    return start


def families(n):
    """Return the metrics of a process that has answered `n` requests."""
    requests = CounterMetricFamily("requests", "Requests.", labels=["route"])
    requests.add_metric(["/livez"], n)
    seconds = HistogramMetricFamily("seconds", "Seconds.")
    seconds.add_metric([], [("1.0", n), ("+Inf", n + 1)], 2.5 * n)
    filled = GaugeMetricFamily("segmentation_cache_fill_ratio", "Fill.", value=n / 10)
    return [requests, seconds, GaugeMetricFamily("in_flight", "Now.", value=n), filled]


def read(snapshots):
    return {sample.name: sample.value for each in snapshots.collect() for sample in each.samples}


def test_counters_gauges_and_histograms_of_all_processes_are_added_up(process):
    one, other = process(0), process(1)
    one.write(partial(families, 1))
    other.write(partial(families, 2))
    assert (
        read(one)
        == read(other)
        == {
            "requests_total": 3,
            "seconds_bucket": 5,
            "seconds_count": 5,
            "seconds_sum": 7.5,
            "in_flight": 3,
            "segmentation_cache_fill_ratio": 0.2,
        }
    )


def test_the_sums_keep_the_descriptions(process):
    snapshots = process(0)
    snapshots.write(partial(families, 1))
    found = [(each.name, each.documentation, each.type) for each in snapshots.collect()]
    assert found == [(each.name, each.documentation, each.type) for each in families(1)]


def test_a_restarted_process_adds_to_the_counters_of_its_predecessor(process):
    process(0).write(partial(families, 3))
    restarted = process(0)
    restarted.write(partial(families, 1))
    restarted.write(partial(families, 2))
    assert (read(restarted)["requests_total"], read(restarted)["in_flight"]) == (5, 2)


def test_a_process_that_writes_no_more_leaves_its_counters_only(process, tmp_path):
    snapshots = process(0)
    snapshots.write(partial(families, 3))
    stale = (tmp_path / "0.prom").stat().st_mtime - STALE_SECONDS
    os.utime(tmp_path / "0.prom", (stale, stale))
    assert sorted(read(snapshots)) == [
        "requests_total",
        "seconds_bucket",
        "seconds_count",
        "seconds_sum",
    ]


def test_a_full_disk_leaves_the_last_snapshot(process, tmp_path):
    snapshots = process(0)
    snapshots.write(partial(families, 3))
    (tmp_path / "0.draft").mkdir()  # stands for a file that cannot be written
    snapshots.write(partial(families, 4))
    assert read(snapshots)["requests_total"] == 3
