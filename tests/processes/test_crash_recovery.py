"""Kill everything in the middle of a fit, and start again."""

import pytest

from bench.server import Server, wait_for
from tests.processes.long_fits import FILES, begin_long_fit, files_below, living

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def home(nth, tmp_path_factory):
    return tmp_path_factory.mktemp(f"killed-{nth}") / "home"


@pytest.fixture(scope="module")
def killed(home, many_customers):
    """The job and the processes of a service that was killed in the middle of a fit."""
    with Server(home, workers="1") as server:
        job = begin_long_fit(server.wait_until_ready(), many_customers, "long")
        members = server.family()
        server.kill()
    return job, members


@pytest.fixture(scope="module")
def restarted(killed, home):
    """The next service in the same home, once it has finished the job."""
    with Server(home, workers="1") as server:
        server.finished(killed[0])
        yield server


def test_no_process_outlives_a_killed_service(killed):
    assert wait_for(lambda: not living(killed[1]), "all processes to end")


def test_the_job_succeeds_at_its_second_attempt(killed, restarted, reached):
    job = restarted.get(f"/v1/jobs/{killed[0]}")
    reached("service killed in the midst of a fit: fits lost", job["state"] != "succeeded")
    assert (job["state"], job["attempt"]) == ("succeeded", 2)


@pytest.mark.usefixtures("killed")
def test_there_is_one_version(restarted):
    versions = restarted.get("/v1/models/long/versions")["versions"]
    assert [version["state"] for version in versions] == ["ready"]


@pytest.mark.usefixtures("restarted")
def test_there_are_the_files_of_one_attempt(home):
    left = files_below(home / "artifacts")
    assert sorted((path.parent.name, path.name) for path in left) == [
        ("2", name) for name in FILES["kmeans"]
    ]


@pytest.mark.usefixtures("killed")
def test_the_version_can_be_used(restarted):
    answer = restarted.post("/v1/models/long/assignments", {"customers": [{"x": 0.5, "y": 0.5}]})
    assert answer["version"] == 1
