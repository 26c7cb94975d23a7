"""Whatever is killed, a job ends once, and nothing is left behind."""

import sqlite3

import psutil
import pytest
from long_fits import FILES, begin_long_fit, files_below, fit_quickly, living

from bench.server import wait_for

pytestmark = pytest.mark.processes


@pytest.fixture
def kill_mid_fit(serve, many_customers, home):
    """Kill a whole service in the middle of a fit; start it again; give the job and the attempts that left files."""

    def run():
        first = serve().wait_until_ready()
        job = begin_long_fit(first, many_customers)
        members = first.family()
        first.kill()
        wait_for(lambda: not living(members), "all processes to end")
        second = serve()
        return second, second.finished(job)

    return run


def test_a_fit_in_a_killed_service_is_finished_by_the_next_attempt(kill_mid_fit):
    _, job = kill_mid_fit()
    assert (job["state"], job["attempt"]) == ("succeeded", 2)


def test_a_fit_in_a_killed_service_makes_one_version_with_the_files_of_one_attempt(kill_mid_fit, home):
    server, _ = kill_mid_fit()
    versions = server.get("/v1/models/long/versions")["versions"]
    left = {(path.parent.name, path.name) for path in files_below(home / "artifacts")}
    assert ([version["state"] for version in versions], left) == (["ready"], {("2", name) for name in FILES})
