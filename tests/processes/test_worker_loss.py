"""One part is lost while the others go on."""

import pytest

from bench.server import wait_for
from tests.processes.long_fits import (
    begin_long_fit,
    files_below,
    files_of_ready_versions,
    fit_quickly,
    living,
    worker_of,
)

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def cancelled(server, many_customers):
    """The job of a fit that was cancelled while it ran, as the cancellation was answered."""
    job = begin_long_fit(server, many_customers, "cancelled")
    return server.post(f"/v1/jobs/{job}/cancel", {})


def test_a_job_whose_worker_is_killed_succeeds_at_its_next_attempt(server, many_customers):
    job = begin_long_fit(server, many_customers, "bereft")
    worker_of(server, job).kill()
    ended = server.finished(job)
    assert (ended["state"], ended["attempt"]) == ("succeeded", 2)


def test_jobs_go_on_after_the_engine_was_killed(server):
    server.family()[1].kill()
    assert fit_quickly(server, "after-the-engine")["state"] == "succeeded"


def test_a_job_whose_engine_is_killed_succeeds_at_its_next_attempt(server, many_customers):
    job = begin_long_fit(server, many_customers, "moved")
    server.family()[1].kill()
    ended = server.finished(job)
    assert (ended["state"], ended["attempt"]) == ("succeeded", 2)


def test_no_worker_outlives_a_killed_engine(server):
    _, engine, *workers = server.wait_until_ready().family()
    engine.kill()
    assert wait_for(lambda: not living(workers), "the workers to end")


def test_a_cancelled_fit_is_cancelled(server, cancelled):
    now = server.get(f"/v1/jobs/{cancelled['job']}")
    assert (cancelled["state"], now["state"]) == ("cancelled", "cancelled")


@pytest.mark.usefixtures("cancelled")
def test_the_version_of_a_cancelled_fit_has_failed(server):
    assert server.get("/v1/models/cancelled/versions/1")["state"] == "failed"


@pytest.mark.usefixtures("cancelled")
def test_the_worker_of_a_cancelled_fit_takes_the_next_job(server):
    assert fit_quickly(server, "after-the-cancelled")["state"] == "succeeded"


@pytest.mark.usefixtures("cancelled")
def test_only_ready_versions_have_files(server):
    fit_quickly(server, "after-all-others")
    assert len(files_below(server.home / "artifacts")) == files_of_ready_versions(server)
