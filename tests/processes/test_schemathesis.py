"""Whatever OpenAPI allows or forbids is answered as OpenAPI says.

Tried by somebody who knows nothing else.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.server import Server, wait_for

pytestmark = pytest.mark.processes

KEY = "a-key-that-nobody-else-knows-and-that-is-long-enough"
# OpenAPI cannot say that a feature must be a column of the dataset: what fits the schema may still
# be refused.
BEYOND_SCHEMAS = "positive_data_acceptance"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    """A server of its own, which asks for a key and loses what it holds."""
    with Server(
        tmp_path_factory.mktemp("described") / "home", "--sample", workers="1", bootstrap_key=KEY
    ) as server:
        server.http.headers["Authorization"] = f"Bearer {KEY}"
        wait_for(
            lambda: server.http.get("/v1/models/sample/versions/production").is_success,
            "the sample model",
        )
        yield server


def test_every_response_matches_the_openapi_schema(keyed, pytestconfig, tmp_path, reached):
    soak = pytestconfig.getoption("--soak")
    phases, examples = ("examples,coverage,fuzzing,stateful", 50) if soak else ("coverage", 1)
    ended = subprocess.run(  # noqa: S603 - our own command
        [
            *(
                str(Path(sys.executable).with_name("st")),
                "run",
                f"{str(keyed.http.base_url).rstrip('/')}/openapi.json",
            ),
            *("--phases", phases, "--max-examples", str(examples), "--seed", "1", "--no-color"),
            *("--exclude-checks", BEYOND_SCHEMAS, "--header", f"Authorization: Bearer {KEY}"),
        ],
        cwd=tmp_path,
        env=os.environ
        | {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    cases = re.search(r"(\d[\d,]*) generated", ended.stdout)
    reached(
        "Schemathesis: failed runs",
        ended.returncode != 0,
        times=int(cases[1].replace(",", "")) if cases else 1,
    )
    assert ended.returncode == 0, ended.stdout[-10_000:]
