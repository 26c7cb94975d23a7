"""What Prometheus is told."""

from datetime import timedelta

import pytest
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from service import RELEASE
from service.jobs import operations as jobs
from service.jobs import repository
from service.jobs.metrics import LOOK_BACK, JobCollector
from service.stores.database import DatabaseUnavailable, now
from service.stores.lru_cache import LruCache
from service.web.metrics import DurationHistogram
from tests.support.fakes import IdleEngine
from tests.support.steps import INCOME, SCORE, fit, place, put_csv, running

CUSTOMER = {INCOME: 60, SCORE: 50}


class Hour:
    """A clock that is an hour later each time."""

    def __init__(self):
        self.time = 0.0

    def __call__(self):
        self.time += 3600
        return self.time


class AbsentDatabase:
    """Stands for a database that cannot be reached."""

    def reading(self):
        raise DatabaseUnavailable


def read(families):
    """Give each figure by its name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def scrape(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return read(text_string_to_metric_families(answer.text))


def named(figures, name):
    """Give the figures of one name, by the values of their labels."""
    return {
        tuple(value for _, value in key[1:]): figure
        for key, figure in figures.items()
        if key[0] == name
    }


def finish(database, state="succeeded", kind="fit", finished_at=None):
    """Write down a job that has taken two seconds."""
    finished_at = finished_at or now()
    with database.writing() as session:
        job = jobs.create_job(
            session, "shop", kind, {"algorithm": "kmeans"} if kind == "fit" else {}
        )
        job.state, job.started_at, job.finished_at = (
            state,
            finished_at - timedelta(seconds=2),
            finished_at,
        )


@pytest.fixture
def figures(database):
    """What is told of the jobs in a database, read anew each time."""
    collector = JobCollector(database, clock=Hour())
    return lambda: read(collector.collect())


@pytest.fixture
def idle(settings):
    with running(settings, engine=IdleEngine) as client:
        yield client


def test_a_request_is_counted_by_its_routes_pattern(client):
    client.get("/v1/datasets/zanzibar")
    counted = named(scrape(client), "segmentation_requests_total")
    assert counted["GET", "/v1/datasets/{dataset}", "404"] == 1


def test_a_request_is_timed(client):
    client.get("/livez")
    figures = scrape(client)
    assert named(figures, "segmentation_request_seconds_count")["GET", "/livez"] == 1
    assert 0 < named(figures, "segmentation_request_seconds_sum")["GET", "/livez"] < 5


def test_an_unknown_method_makes_no_series_of_its_own(client):
    for method in ("ZANZIBAR", "SEVENTY"):
        client.request(method, "/livez")
    counted = named(scrape(client), "segmentation_requests_total")
    assert {key[0] for key in counted} == {"other"}


def test_an_unknown_path_makes_no_series_of_its_own(client):
    for path in ("zanzibar", "seventy"):
        client.get(f"/{path}")
    assert named(scrape(client), "segmentation_requests_total") == {("GET", "-", "404"): 2}


def test_the_scraping_request_is_in_flight(client):
    assert named(scrape(client), "segmentation_requests_in_flight") == {(): 1}


def test_every_process_counts_for_itself(client, settings):
    client.get("/livez")
    with running(settings) as other:
        assert ("GET", "/livez", "200") not in named(scrape(other), "segmentation_requests_total")


def test_assigned_rows_are_counted(client, sample_csv):
    put_csv(client, "sample", sample_csv)
    fit(client, "m")
    place(client, "m", CUSTOMER, {INCOME: "much"}, CUSTOMER)
    assert named(scrape(client), "segmentation_rows_assigned_total") == {(): 2}


def test_a_scorer_is_read_once_and_found_again(client, sample_csv):
    put_csv(client, "sample", sample_csv)
    fit(client, "m")
    for version in ("1", "production", "1"):
        client.post(f"/v1/models/m/versions/{version}/assignments", json={"customers": [CUSTOMER]})
    figures = scrape(client)
    kept = {
        what: named(figures, f"segmentation_cache_{what}")["scorers",]
        for what in ("misses_total", "hits_total")
    }
    assert kept == {"misses_total": 1, "hits_total": 1}
    assert named(figures, "segmentation_cache_entries")["scorers",] == 1


def test_a_cache_reports_its_size():
    cache = LruCache(10, len)
    cache.get("a", lambda: b"12345")
    assert cache.use().fill_ratio == 0.5


def test_a_finished_fit_is_counted_and_timed_by_its_algorithm(client, sample_csv):
    put_csv(client, "sample", sample_csv)
    fit(client, "m", algorithm={"name": "hierarchical"})
    figures = scrape(client)
    assert named(figures, "segmentation_jobs_finished_total") == {("fit", "succeeded"): 1}
    assert named(figures, "segmentation_job_seconds_count") == {("hierarchical", "fit"): 1}


def test_a_queue_is_counted_and_its_oldest_job_has_an_age(idle, sample_csv):
    put_csv(idle, "sample", sample_csv)
    idle.post(
        "/v1/models", json={"name": "m", "dataset": "sample", "k": 3}, headers={"Prefer": "wait=0"}
    )
    figures = scrape(idle)
    assert named(figures, "segmentation_jobs") == {("fit", "queued"): 1}
    assert named(figures, "segmentation_queue_length") == {(): 1}
    assert named(figures, "segmentation_queue_age_seconds")[()] > 0


def test_an_emptied_queue_is_reported_as_empty(database, figures):
    with database.writing() as session:
        job = jobs.create_job(session, "shop", "fit", {})
    figures()
    with database.writing() as session:
        repository.cancel_job(session, job.id)
    assert named(figures(), "segmentation_jobs") == {("fit", "queued"): 0}


def test_each_finished_job_is_counted_once(database, figures):
    finish(database)
    figures()
    finish(database, state="failed")
    finish(database, kind="erase")
    assert [named(figures(), "segmentation_jobs_finished_total") for _ in range(2)] == [
        {("fit", "succeeded"): 1, ("fit", "failed"): 1, ("erase", "succeeded"): 1}
    ] * 2


def test_a_job_counts_even_if_its_workers_clock_is_behind(database, figures):
    figures()
    finish(database, finished_at=now() - LOOK_BACK / 2)
    assert named(figures(), "segmentation_jobs_finished_total") == {("fit", "succeeded"): 1}


def test_jobs_that_finished_before_the_process_began_are_not_counted(database):
    finish(database, finished_at=now() - 2 * LOOK_BACK)
    assert named(read(JobCollector(database).collect()), "segmentation_jobs_finished_total") == {}


def test_only_succeeded_jobs_are_timed(database, figures):
    finish(database, state="failed")
    finish(database)
    assert named(figures(), "segmentation_job_seconds_sum") == {("kmeans", "fit"): 2}


def test_the_rows_are_read_once_a_second(database):
    collector = JobCollector(database, clock=lambda: 7.0)
    before = read(collector.collect())
    finish(database)
    assert read(collector.collect()) == before


def test_without_a_database_the_metrics_report_it_and_omit_the_queue():
    figures = read(JobCollector(AbsentDatabase()).collect())
    assert (
        named(figures, "segmentation_database_up"),
        named(figures, "segmentation_queue_length"),
    ) == ({(): 0}, {})


def test_the_metrics_include_the_release(client):
    [(_, release)] = named(scrape(client), "segmentation_build_info")
    assert release == RELEASE


def test_the_metrics_include_the_memory_of_the_process(client):
    assert named(scrape(client), "process_resident_memory_bytes")[()] > 0


def test_a_scraper_may_request_openmetrics(client):
    answer = client.get(
        "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_a_duration_falls_into_the_bucket_that_it_just_fills():
    durations, family = (
        DurationHistogram((1.0, 2.0)),
        HistogramMetricFamily("took", "How long.", labels=["what"]),
    )
    for seconds in (0.5, 1.0, 1.5, 3.0):
        durations.add(seconds)
    durations.show(family, "all")
    assert named(read([family]), "took_bucket") == {
        ("1.0", "all"): 2,
        ("2.0", "all"): 3,
        ("+Inf", "all"): 4,
    }
