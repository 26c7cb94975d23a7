"""What a user of the command line sees."""

import signal
import subprocess
import sys

import pytest

from bench.server import ROOT, Server, wait_for
from tests.processes.long_fits import living

pytestmark = pytest.mark.processes

CUSTOMER = {"Annual Income (k$)": 60, "Spending Score (1-100)": 50}
LEARNING = ("pandas", "sklearn", "scipy.libs", "/scipy/")


@pytest.fixture(scope="module")
def used(server):
    """A server after a dataset in each format, a fit, its segments and an assignment."""
    server.put_csv("by-csv", "a,b\n1,x\n2,y\n")
    server.http.put("/v1/datasets/by-json", json={"customers": [{"a": 1.5, "b": "x"}, {"a": 2.5}]})
    server.get("/v1/models/sample/versions/production/segments")
    server.post("/v1/models/sample/assignments?explain=true", {"customers": [CUSTOMER]})
    return server


def test_the_server_prints_its_address(server):
    said = server.said.read_text()
    assert all(
        f"{server.http.base_url}".rstrip("/") + path in said
        for path in ("/docs", "/redoc", "/readyz")
    )


def test_the_sample_model_assigns_a_customer(used):
    answer = used.post("/v1/models/sample/assignments", {"customers": [CUSTOMER]})
    assert answer["assignments"][0]["segment"].startswith("seg_")


def test_the_api_process_loads_no_learning_library(used):
    loaded = {mapping.path for mapping in used.family()[0].memory_maps()}
    assert [path for path in loaded if any(part in path for part in LEARNING)] == []


def test_the_sample_can_be_loaded_into_a_running_server(server):
    server.http.delete("/v1/models/sample")
    command = [sys.executable, "-m", "service", "sample", "--url", str(server.http.base_url)]
    loaded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    wait_for(
        lambda: server.http.get("/v1/models/sample/versions/production").is_success,
        f"the sample: {loaded}",
    )


def test_the_request_to_end_ends_all_with_success(tmp_path):
    with Server(tmp_path / "home") as server:
        members = server.wait_until_ready().family()
        server.process.send_signal(signal.SIGTERM)
        ended = wait_for(lambda: not living(members), "all processes to end")
        assert (server.process.wait(), ended) == (0, True)
