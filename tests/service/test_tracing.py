"""Spans: from a request to the work that it asked for."""

import subprocess
import sys

import pytest
from fastapi.testclient import TestClient
from opentelemetry.trace import StatusCode

from service.app import FASTAPI_TELEMETRY, create_app
from service.config import Settings
from service.tracing import open_tracer
from tests.support.otlp_collector import collecting
from tests.support.paths import ROOT
from tests.support.steps import fit, put_csv, running
from tests.support.waiting import eventually

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
UNCONFIGURED = """
import sys
from service.app import create_app
from service.config import Settings
from service.tracing import open_tracer
create_app(Settings(home=sys.argv[1]), tracer=open_tracer())
SLOW = ("opentelemetry.sdk", "opentelemetry.exporter", "google")
print(*(name for name in sys.modules if name.startswith(SLOW)))
"""


def span_of(spans, name):
    """Give the one span of a name.

    A job's ends a moment after the job, which its client may see first.
    """
    eventually(lambda: name in [span.name for span in spans.get_finished_spans()])
    [span] = [span for span in spans.get_finished_spans() if span.name == name]
    return span


@pytest.fixture
def traced(settings, tracer):
    with running(settings, tracer=tracer) as client:
        yield client


@pytest.fixture
def fitted(traced, spans, sample_csv):
    """The span of a request, and that of the job that it asked for."""
    put_csv(traced, "sample", sample_csv)
    spans.clear()
    fit(traced, "m")
    return span_of(spans, "POST /v1/models"), span_of(spans, "job fit")


@pytest.fixture
def collector():
    with collecting() as collector:
        yield collector


def test_a_requests_span_has_the_same_fields_as_its_log_line(traced, spans):
    answer = traced.get("/v1/datasets/zanzibar")
    [span] = spans.get_finished_spans()
    assert (span.name, dict(span.attributes)) == (
        "GET /v1/datasets/{dataset}",
        {
            "http.request.method": "GET",
            "http.route": "/v1/datasets/{dataset}",
            "http.response.status_code": 404,
            "segmentation.request_id": answer.headers["X-Request-ID"],
            "segmentation.tenant": "default",
        },
    )


def test_a_clients_trace_is_continued(traced, spans):
    traced.get("/v1/jobs", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    [span] = spans.get_finished_spans()
    assert (span.context.trace_id, span.parent.span_id) == (int(TRACE, 16), int(PARENT, 16))


@pytest.mark.parametrize("given", ["", "00-zanzibar", f"00-{'0' * 32}-{PARENT}-01", "x" * 9_000])
def test_an_invalid_parent_starts_a_new_trace(traced, spans, given):
    assert traced.get("/v1/jobs", headers={"traceparent": given}).status_code == 200
    [span] = spans.get_finished_spans()
    assert span.parent is None


def test_other_trace_headers_of_a_client_are_ignored(traced, spans):
    told = {
        "traceparent": f"00-{TRACE}-{PARENT}-01",
        "tracestate": "shop=zanzibar",
        "baggage": "who=zanzibar",
    }
    traced.get("/v1/jobs", headers=told)
    assert "zanzibar" not in spans.get_finished_spans()[0].to_json()


def test_the_orchestrators_questions_leave_no_spans(traced, spans):
    for path in ("/livez", "/readyz", "/metrics"):
        traced.get(path)
    assert spans.get_finished_spans() == ()


def test_a_jobs_span_is_a_child_of_the_requests(fitted):
    request, job = fitted
    assert (job.context.trace_id, job.parent.span_id) == (
        request.context.trace_id,
        request.context.span_id,
    )


def test_a_jobs_span_has_its_tenant_and_its_state(fitted):
    request, job = fitted
    assert job.attributes["segmentation.job.attempt"] == 1
    assert job.attributes["segmentation.job.state"] == "succeeded"
    assert (
        job.attributes["segmentation.request_id"] == request.attributes["segmentation.request_id"]
    )


def test_a_jobs_stages_are_events_of_its_span(fitted):
    _, job = fitted
    assert [event.name for event in job.events][:3] == ["reading", "preparing", "clustering"]


def test_a_failed_jobs_span_has_an_error_status(traced, spans, sample_csv):
    put_csv(traced, "sample", sample_csv)
    asked = {"name": "m", "dataset": "sample", "k": 999}
    traced.post("/v1/models", json=asked, headers={"Prefer": "wait=30"})
    status = span_of(spans, "job fit").status
    assert (status.status_code, status.description) == (StatusCode.ERROR, "TooFewCustomers")


def test_a_collector_that_is_named_receives_the_spans(monkeypatch, collector, settings):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "segments-of-the-shop")
    tracer = open_tracer()
    with running(settings, tracer=tracer) as client:
        client.get("/v1/jobs")
    tracer.span_processor.shutdown()
    assert (collector.paths, len(collector.spans("GET /v1/jobs"))) == (["/v1/traces"], 1)
    assert collector.resource()["service.name"] == "segments-of-the-shop"


@pytest.mark.slow
def test_without_a_collector_nothing_is_traced_and_nothing_imported(tmp_path):
    command = [sys.executable, "-c", UNCONFIGURED, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - our own script
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_fastapis_own_telemetry_stays_off_in_any_environment(monkeypatch, collector, tmp_path):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    with TestClient(create_app(Settings(home=tmp_path)), base_url="http://127.0.0.1") as client:
        client.get("/livez?who=zanzibar")
    assert (collector.paths, any(FASTAPI_TELEMETRY.values())) == ([], False)
