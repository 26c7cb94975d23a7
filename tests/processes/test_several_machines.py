"""Api, scheduler and workers that share nothing but the network: PostgreSQL, an object store, and TLS between them."""

import os
import socket
import subprocess
import sys

import pytest
from buckets import BUCKET, running_store
from databases import running_postgresql
from distributed import Security
from long_fits import fit_quickly

from bench.server import ROOT, Server, wait_for

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> dict[str, str]:
    """The settings that name an authority, and a certificate of it with its key."""
    tls = Security.temporary().get_tls_config_for_role("client")
    directory = tmp_path_factory.mktemp("certificates")
    for name, text in {"ca": tls["ca_file"], "certificate": tls["cert"], "key": tls["key"]}.items():
        (directory / f"{name}.pem").write_text(text)
    return {f"engine_{name}": str(directory / f"{name}.pem") for name in ("ca", "certificate", "key")}


@pytest.fixture(scope="module")
def shared(certificates, tmp_path_factory):
    """The settings that all machines share."""
    with (
        running_postgresql(tmp_path_factory.mktemp("runtime")) as postgresql,
        running_store(tmp_path_factory.mktemp("store")),
    ):
        yield {
            **certificates,
            "engine_address": f"tls://127.0.0.1:{free_port()}",
            "database_url": postgresql.new(),
            "tables": f"s3://{BUCKET}/tables",
            "artifacts": f"s3://{BUCKET}/artifacts",
            "signing_key": "s" * 32,
        }


class Scheduler:
    """A scheduler that may be ended, and started again at the same address."""

    def __init__(self, settings, home) -> None:
        self._settings, self._home = settings, home
        self.start()

    def start(self) -> None:
        port = self._settings["engine_address"].rpartition(":")[2]
        self._process = start(["scheduler", "--port", port], self._settings, self._home)

    def end(self) -> None:
        end(self._process)


@pytest.fixture(scope="module")
def scheduler(shared, tmp_path_factory):
    scheduler = Scheduler(shared, tmp_path_factory.mktemp("scheduler"))
    yield scheduler
    scheduler.end()


@pytest.fixture(scope="module")
def workers(shared, tmp_path_factory):
    workers = start(["worker"], {**shared, "workers": "2"}, tmp_path_factory.mktemp("workers"))
    yield workers
    end(workers)


@pytest.fixture(scope="module")
def served(shared, scheduler, workers, tmp_path_factory):  # noqa: ARG001 - its jobs need them
    with Server(tmp_path_factory.mktemp("api") / "home", **shared) as server:
        yield server.wait_until_ready()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def start(arguments, settings, home) -> subprocess.Popen:
    asked = {f"SEGMENTATION_{name.upper()}": value for name, value in {**settings, "home": str(home)}.items()}
    with (home / "log").open("ab") as log:
        command = [sys.executable, "-m", "service", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=os.environ | asked, stdout=log, stderr=log)  # noqa: S603 - our own command


def end(process) -> int:
    process.terminate()
    return process.wait(30)


def test_a_model_is_fitted_and_places_customers_elsewhere(served):
    assert fit_quickly(served, "far")["state"] == "succeeded"
    answer = served.post("/v1/models/far/assignments", {"customers": [{"x": 3, "y": 2.5}]})
    assert answer["assignments"][0]["segment"].startswith("seg_")


def test_no_table_and_no_model_lies_on_the_machine_of_the_api(served):
    fit_quickly(served, "nowhere-near")
    assert [path.name for path in served.home.rglob("*") if path.suffix in {".parquet", ".joblib"}] == []


def test_jobs_go_on_after_the_scheduler_was_started_again(served, scheduler):
    scheduler.end()
    wait_for(lambda: served.http.get("/readyz").json()["engine"] == "unavailable", "the scheduler to be missed")
    scheduler.start()
    assert fit_quickly(served.wait_until_ready(), "again")["state"] == "succeeded"
