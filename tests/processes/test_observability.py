"""What a running service, with real workers, tells of itself.

To the log, to Prometheus, to a collector of spans.
"""

import json

import pytest

from bench.server import Server, wait_for
from tests.support.otlp_collector import collecting

pytestmark = pytest.mark.processes

VALUE, NUMBER = "Zanzibar-77", 7912.625
ASKED = (2, 900)
TOWNS = "customer_id,town,age\n" + "".join(
    f"{VALUE}-{n},{VALUE},{NUMBER + n % 7}\n" for n in range(40)
)


@pytest.fixture(scope="module")
def collector():
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def seen(tmp_path_factory, collector):
    """A server that is traced, after a fit and one that fails."""
    patch = pytest.MonkeyPatch()
    patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    with Server(tmp_path_factory.mktemp("seen") / "home", workers="1") as server:
        patch.undo()
        server.wait_until_ready()
        server.put_csv("towns", TOWNS)
        for k in ASKED:
            asked = {"name": f"into-{k}", "dataset": "towns", "k": k}
            server.http.post(
                "/v1/models", json=asked, headers={"Prefer": "wait=60", "X-Request-ID": f"fit-{k}"}
            )
        for name in ("job fit", "POST /v1/models"):
            wait_for(
                lambda name=name: len(collector.spans(name)) == len(ASKED),
                f"the spans of each {name}",
            )
        yield server


@pytest.fixture(scope="module")
def lines(seen):
    return [json.loads(line) for line in seen.log.read_text().splitlines()]


def test_a_worker_writes_its_log_as_the_api_does(lines):
    ended = {line["request_id"]: line["state"] for line in lines if line["event"] == "job"}
    assert ended == {"fit-2": "succeeded", "fit-900": "failed"}


def test_every_line_of_a_worker_names_its_job_and_its_request(lines):
    told = [line for line in lines if line["event"] in {"job", "job failed"}]
    assert [line for line in told if not {"job", "request_id", "tenant"} <= line.keys()] == []


def test_a_workers_span_is_a_child_of_the_request_that_created_the_job(collector, seen):  # noqa: ARG001 - it was asked
    requests = {span.span_id: span.trace_id for span in collector.spans("POST /v1/models")}
    jobs = collector.spans("job fit")
    assert sorted((job.parent_span_id, job.trace_id) for job in jobs) == sorted(requests.items())


def test_prometheus_metrics_include_jobs_of_workers(seen):
    text = seen.http.get("/metrics").text
    assert 'segmentation_job_seconds_count{algorithm="kmeans",kind="fit"} 1.0' in text
    assert 'segmentation_jobs_finished_total{kind="fit",state="failed"} 1.0' in text


def test_no_customers_value_leaves_a_process(collector, seen):
    told = {
        "log": seen.log.read_text(),
        "metrics": seen.http.get("/metrics").text,
        "spans": str(collector.received),
        "welcome": seen.said.read_text(),
    }
    assert [where for where, text in told.items() if VALUE in text or str(NUMBER) in text] == []
