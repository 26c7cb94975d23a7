"""A client that somebody else generates: docs/clients.md, followed to the letter, with a key."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.server import ROOT, Server
from service.auth.api_keys import generate_key

PAGE = (ROOT / "docs" / "clients.md").read_text()
GENERATE, PROGRAM, PRINTED = (
    re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[1]
    for language in ("bash", "python", "text")
)
TOOLS = Path(sys.prefix) / "client" / "bin"
# The generator's own file, the same for every service: its context managers hand on what they are
# given untyped.
TYPES = "[mypy]\nstrict = True\n[mypy-segmentation_client.client]\ndisable_error_code = arg-type\n"

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        not TOOLS.exists(), reason="there is no generator of clients: make setup-dev installs it"
    ),
]


def run(directory: Path, *command: str, **environment: str) -> str:
    ran = subprocess.run(  # noqa: S603 - our own page
        command,
        cwd=directory,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def key():
    return generate_key()


@pytest.fixture(scope="module")
def keyed(tmp_path_factory, key):
    """A server that lets nobody in without a key."""
    with Server(
        tmp_path_factory.mktemp("keyed") / "home", workers="1", bootstrap_key=key
    ) as server:
        yield server


@pytest.fixture(scope="module")
def generated(keyed, tmp_path_factory):
    """Where the client was generated, and the program that uses it."""
    directory = tmp_path_factory.mktemp("client")
    address = str(keyed.http.base_url).rstrip("/")
    script = GENERATE.replace("http://127.0.0.1:8000", address)
    path = os.pathsep.join([str(TOOLS), os.environ["PATH"]])
    run(directory, "/bin/bash", "-eu", "-o", "pipefail", "-c", script, PATH=path)
    (directory / "program.py").write_text(PROGRAM)
    (directory / "mypy.ini").write_text(TYPES)
    return directory


def test_a_generated_client_and_its_use_hold_under_strict_types(generated):
    python = str(TOOLS / "python")
    run(
        generated,
        sys.executable,
        "-m",
        "mypy",
        "--python-executable",
        python,
        "segmentation_client",
        "program.py",
    )


def test_a_generated_client_fits_assigns_and_reads_a_problem(generated, keyed, key):
    keyed.wait_until_ready()
    printed = run(
        generated, str(TOOLS / "python"), "program.py", API=str(keyed.http.base_url), KEY=key
    )
    assert printed == PRINTED
