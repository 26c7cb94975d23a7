"""Several machines as docs/deploy.md has them, by processes that share nothing but the network.

That is PostgreSQL, an object store, and TLS between the scheduler, its workers and the api.
"""

import os
import re
import secrets
import socket
import subprocess
import sys
from textwrap import dedent

import pytest
from typer.testing import CliRunner

from bench.server import ROOT, Server, wait_for
from service.cli import commands
from service.config import PREFIX
from tests.processes.long_fits import fit_quickly
from tests.support.databases import running_postgresql
from tests.support.s3_server import BUCKET, running_store

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """What takes the place of the page's addresses and paths on this machine."""
    root, password = tmp_path_factory.mktemp("machines"), secrets.token_hex(16)
    (root / "database_password").write_text(f"{password}\n")
    (root / "signing_key").write_text("s" * 64)
    with (
        running_postgresql(tmp_path_factory.mktemp("runtime")) as postgresql,
        running_store(tmp_path_factory.mktemp("store")),
    ):
        yield {
            "/run/secrets": str(root),
            "/certificates": str(root),
            "--directory certificates": f"--directory {root}",
            "@database.example/segmentation": (
                f"@/segmentation?host={postgresql.guard('segmentation', password)}"
            ),
            "s3://segmentation/": f"s3://{BUCKET}/",
            "scheduler.example:8786": f"127.0.0.1:{(port := free_port())}",
            "--port 8786": f"--port {port}",
            "--port 8000": "--port 0",
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - it is what is replaced
        }


@pytest.fixture(scope="module")
def page(here):
    """The page's steps, as they are said on this machine: certificates, settings, commands."""
    text = (ROOT / "docs" / "deploy.md").read_text()
    section = text[text.index("## Several machines") : text.index("## Kubernetes")]
    for there, place in here.items():
        assert there in section
        section = section.replace(there, place)
    return [dedent(block) for block in re.findall(r"```bash\n(.*?)```", section, re.DOTALL)]


@pytest.fixture(scope="module")
def shared(page):
    """The settings that all machines share."""
    certificates, settings, _ = page
    ran(certificates.split())
    lines = dict(line.split("=", 1) for line in settings.split())
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in lines.items()
        if name.startswith(PREFIX)
    }


@pytest.fixture(scope="module")
def steps(page):
    """What is started, in the order of the page: scheduler, worker, a key, api."""
    return [line.split()[3:] for line in page[2].splitlines()]


class Scheduler:
    """A scheduler that may be ended, and started again at the same address."""

    def __init__(self, arguments, settings, home) -> None:
        self._arguments, self._settings, self._home = arguments, settings, home
        self.start()

    def start(self) -> None:
        self._process = start(self._arguments, self._settings, self._home)

    def end(self) -> None:
        end(self._process)


@pytest.fixture(scope="module")
def scheduler(steps, shared, tmp_path_factory):
    certificates = {
        name: shared[name] for name in ("engine_ca", "engine_certificate", "engine_key")
    }
    scheduler = Scheduler(steps[0], certificates, tmp_path_factory.mktemp("scheduler"))
    yield scheduler
    scheduler.end()


@pytest.fixture(scope="module")
def worker(steps, shared, tmp_path_factory):
    worker = start(steps[1], shared, tmp_path_factory.mktemp("worker"))
    yield worker
    end(worker)


@pytest.fixture(scope="module")
def served(steps, shared, scheduler, worker, tmp_path_factory):  # noqa: ARG001 - its jobs need them
    key = ran(["python", "-m", "service", *steps[2]], **shared)
    with Server(tmp_path_factory.mktemp("api") / "home", *steps[3][1:], **shared) as server:
        server.http.headers["Authorization"] = f"Bearer {key}"
        yield server.wait_until_ready()


def ran(command, **settings) -> str:
    """Run a command of the page in this process, and give what it prints."""
    assert command[:3] == ["python", "-m", "service"]
    done = CliRunner(
        env={f"{PREFIX}{name.upper()}": value for name, value in settings.items()}
    ).invoke(commands, command[3:])
    assert done.exit_code == 0, done.stderr
    return done.stdout.strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def start(arguments, settings, home) -> subprocess.Popen:
    asked = {
        f"{PREFIX}{name.upper()}": value for name, value in {**settings, "home": str(home)}.items()
    }
    with (home / "log").open("ab") as log:
        command = [sys.executable, "-m", "service", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=os.environ | asked, stdout=log, stderr=log)  # noqa: S603 - our own command


def end(process) -> int:
    process.terminate()
    return process.wait(30)


def test_a_model_that_was_fitted_remotely_assigns_customers(served):
    assert fit_quickly(served, "far")["state"] == "succeeded"
    answer = served.post("/v1/models/far/assignments", {"customers": [{"x": 3, "y": 2.5}]})
    assert answer["assignments"][0]["segment"].startswith("seg_")


def test_no_table_and_no_model_is_stored_on_the_machine_of_the_api(served):
    fit_quickly(served, "nowhere-near")
    assert [
        path.name for path in served.home.rglob("*") if path.suffix in {".parquet", ".joblib"}
    ] == []


def test_jobs_go_on_after_the_scheduler_was_started_again(served, scheduler):
    scheduler.end()
    wait_for(
        lambda: served.http.get("/readyz").json()["engine"] == "unavailable",
        "the scheduler to be missed",
    )
    scheduler.start()
    assert fit_quickly(served.wait_until_ready(), "again")["state"] == "succeeded"
