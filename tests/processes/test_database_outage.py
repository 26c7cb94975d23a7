"""PostgreSQL goes away under a running service, and comes back."""

import pytest

from bench.server import Server, wait_for
from tests.processes.long_fits import begin_long_fit, fit_quickly
from tests.support.databases import running_postgresql

pytestmark = pytest.mark.processes

PASSWORD = "hushhush"  # noqa: S105 - it opens nothing
PATHS = ("/v1/models", "/v1/datasets/few", "/v1/jobs")


@pytest.fixture(scope="module")
def metadata(tmp_path_factory):
    with running_postgresql(tmp_path_factory.mktemp("runtime")) as metadata:
        yield metadata


@pytest.fixture(scope="module")
def served(metadata, tmp_path_factory):
    """A service on that server, which tells a password that nobody asks for."""
    address = metadata.new().replace("postgres:@", f"postgres:{PASSWORD}@")
    home = tmp_path_factory.mktemp("away") / "home"
    with Server(home, workers="1", database_url=address) as server:
        fit_quickly(server.wait_until_ready(), "before")
        yield server


@pytest.fixture(scope="module")
def while_away(served, metadata):
    """What is answered while the database is away."""
    metadata.stop()
    answers = {path: served.http.get(path) for path in (*PATHS, "/livez", "/readyz")}
    metadata.start()
    wait_for(
        lambda: served.http.get("/readyz").is_success, "the service to find its database again"
    )
    return answers


@pytest.mark.parametrize("path", PATHS)
def test_without_its_database_the_service_responds_with_retry_after(while_away, path):
    answer = while_away[path]
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/database-unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_no_answer_takes_long_without_the_database(while_away):
    assert max(answer.elapsed.total_seconds() for answer in while_away.values()) < 20


def test_without_its_database_the_service_is_alive_and_not_ready(while_away):
    ready = while_away["/readyz"]
    assert (while_away["/livez"].status_code, ready.status_code) == (200, 503)
    assert ready.json()["database"] == "unavailable"


@pytest.mark.usefixtures("while_away")
def test_the_service_heals_by_itself(served):
    assert fit_quickly(served, "after")["state"] == "succeeded"


@pytest.mark.usefixtures("while_away")
def test_a_fit_outlasts_a_restart_of_the_database(served, metadata, many_customers):
    job = begin_long_fit(served, many_customers, "long")
    metadata.stop()
    metadata.start()
    wait_for(
        lambda: served.http.get("/readyz").is_success, "the service to find its database again"
    )
    assert served.finished(job)["state"] == "succeeded"


@pytest.mark.usefixtures("while_away")
def test_the_log_does_not_contain_the_password(served):
    assert PASSWORD not in served.log.read_text() + served.said.read_text()
