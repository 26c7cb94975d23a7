"""Real servers, in homes of their own.

Each ends with its file: an idle one costs processor time.
"""

import numpy as np
import pytest

from bench.server import Server, wait_for


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("processes") / "home"


@pytest.fixture(scope="session")
def many_customers() -> str:
    """Customers enough, and alike enough, to keep K-Means busy for seconds."""
    points = np.random.default_rng(0).random((40_000, 2))
    return "x,y\n" + "\n".join(f"{x:.6f},{y:.6f}" for x, y in points)


@pytest.fixture(scope="module")
def server(home):
    """A server with the sample and a single worker, so that one lost worker is missed."""
    with Server(home, "--sample", workers="1") as server:
        wait_for(
            lambda: server.http.get("/v1/models/sample/versions/production").is_success,
            "the sample model",
        )
        yield server
