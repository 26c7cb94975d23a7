"""A backup taken during writes is restored elsewhere by the steps of docs/deploy.md."""

import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from service.config import Settings
from service.storage import open_storage
from tests.support.paths import ROOT
from tests.support.s3_server import BUCKET, running_store
from tests.support.steps import customers_of, fit, place, put_csv, refit, running, upsert

pytestmark = pytest.mark.slow

BACKUP = ROOT / "docs" / "deploy" / "backup.sh"
CUSTOMER = {"Annual Income (k$)": 60, "Spending Score (1-100)": 50}


@contextmanager
def others_writing(client):
    """Change customers, replace tables and fit, again and again, until the block ends."""
    enough, errors = threading.Event(), []

    def write() -> None:
        nth = 0
        while not enough.is_set():
            nth += 1
            try:
                upsert(client, "sample", {"CustomerID": f"late-{nth}", **CUSTOMER})
                put_csv(client, f"table-{nth}", "a,b\n1,x\n2,y\n")
                if nth % 5 == 0:
                    refit(client, "shop")
            except AssertionError as error:
                errors.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
    assert errors == []


class Sqlite:
    """The embedded database, beside directories."""

    def __init__(self, request) -> None:
        del request

    def settings(self, home: Path) -> Settings:
        return Settings(home=home)

    def dump(self, settings: Settings, target: Path) -> None:
        with (
            closing(sqlite3.connect(settings.home / "metadata.sqlite")) as metadata,
            closing(sqlite3.connect(target / "metadata.sqlite")) as copy,
        ):
            metadata.backup(copy)

    def restore(self, target: Path, settings: Settings) -> None:
        shutil.copy(target / "metadata.sqlite", settings.home)

    def copy(self, settings: Settings, target: Path) -> None:
        subprocess.run(["/bin/sh", BACKUP, settings.home, target], check=True)  # noqa: S603 - our own script

    def copy_back(self, target: Path, settings: Settings) -> None:
        for name in ("logs", "files"):
            packed = target / f"{name}.tar"
            subprocess.run(  # noqa: S603 - what we have packed
                ["/bin/tar", "--extract", "--directory", settings.home, "--file", packed],
                check=True,
            )


class InBucket(Sqlite):
    """The embedded database, beside an object store."""

    def __init__(self, request) -> None:
        if not request.config.getoption(
            "--soak"
        ):  # the same steps as for directories, and several seconds
            pytest.skip("backed up with --soak")
        request.getfixturevalue("bucket")

    def settings(self, home: Path) -> Settings:
        where = f"s3://{BUCKET}/{home.name}"
        return Settings(home=home, tables=f"{where}/tables", artifacts=f"{where}/artifacts")

    def copy(self, settings: Settings, target: Path) -> None:
        store = open_storage(f"s3://{BUCKET}/{settings.home.name}")
        fetch(
            store,
            target,
            lambda path: "/_delta_log/" in path and not path.endswith("/_last_checkpoint"),
        )
        fetch(store, target, lambda path: "/_delta_log/" not in path)

    def copy_back(self, target: Path, settings: Settings) -> None:
        store = open_storage(f"s3://{BUCKET}/{settings.home.name}")
        for path in target.glob("*s/**/*"):
            if path.is_file() and "keys" not in path.parts:
                store.replace(str(path.relative_to(target)), path.read_bytes())


def fetch(store, target: Path, wanted) -> None:
    """Copy objects as they were listed.

    One that is removed meanwhile is none that the database names.
    """
    for path in [path for path, _ in store.changes() if wanted(path)]:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            (target / path).write_bytes(store.read(path))


class Dumped(Sqlite):
    """A database of PostgreSQL, by its own programs."""

    def __init__(self, request) -> None:
        self._postgresql = request.getfixturevalue("postgresql")

    def settings(self, home: Path) -> Settings:
        return Settings(home=home, database_url=self._postgresql.empty())

    def dump(self, settings: Settings, target: Path) -> None:
        with (target / "metadata.dump").open("wb") as dump:
            self._postgresql.run_on(
                settings.database_address(), "pg_dump", "--format", "custom", stdout=dump
            )

    def restore(self, target: Path, settings: Settings) -> None:
        with (target / "metadata.dump").open("rb") as dump:
            self._postgresql.run_on(
                settings.database_address(), "pg_restore", "--exit-on-error", stdin=dump
            )


def back_up(database, settings: Settings, target: Path) -> None:
    """Database first, then tables and model files."""
    target.mkdir()
    database.dump(settings, target)
    database.copy(settings, target)
    shutil.copytree(settings.home / "keys", target / "keys")


def restore(database, target: Path, settings: Settings) -> None:
    """Tables and model files first, then the database."""
    shutil.copytree(target / "keys", settings.home / "keys")
    database.copy_back(target, settings)
    database.restore(target, settings)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    with running_store(tmp_path_factory.mktemp("bucket")):
        yield


@pytest.fixture(scope="module", params=[Sqlite, Dumped, InBucket])
def restored(request, tmp_path_factory, sample_csv):
    """A service that was restored elsewhere, and how the first one placed a customer."""
    root, database = tmp_path_factory.mktemp("backup"), request.param(request)
    before, after = database.settings(root / "first"), database.settings(root / "second")
    with running(before) as first:
        put_csv(first, "sample", sample_csv)
        fit(first, "shop")
        placed = place(first, "shop", CUSTOMER)
        with others_writing(first):
            upsert(first, "sample", {"CustomerID": "early", **CUSTOMER})
            back_up(database, before, root / "kept")
    restore(database, root / "kept", after)
    with running(after) as second:
        yield second, placed


def test_a_restored_model_assigns_customers_as_before(restored):
    second, placed = restored
    assert place(second, "shop", CUSTOMER) == placed


def test_every_restored_version_can_be_read(restored):
    second, _ = restored
    versions = second.get("/v1/models/shop/versions").json()["versions"]
    ready = [version["version"] for version in versions if version["state"] == "ready"]
    answers = [
        second.post(
            f"/v1/models/shop/versions/{number}/assignments", json={"customers": [CUSTOMER]}
        )
        for number in ready
    ]
    assert {answer.status_code for answer in answers} == {200}


def test_every_restored_dataset_can_be_read_and_changed(restored):
    second, _ = restored
    for dataset in second.get("/v1/datasets").json()["datasets"]:
        name = dataset["dataset"]
        assert len(customers_of(second, name)) == min(1000, dataset["n_customers"])
    upsert(second, "sample", {"CustomerID": "after", **CUSTOMER})


def test_a_backup_contains_everything_written_before(restored):
    second, _ = restored
    assert second.get("/v1/datasets/sample/customers/early").status_code == 200


def test_a_restored_model_is_fitted_again(restored):
    second, _ = restored
    assert refit(second, "shop")["state"] == "ready"
