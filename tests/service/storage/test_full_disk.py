"""A disk that is full, and who else may read it."""

import errno
import os
from dataclasses import replace

import pytest
from sqlalchemy import text

from service.errors import StorageFull
from service.health.schemas import Readiness
from service.storage import LocalStorage, is_full
from service.stores.database import Database
from tests.support.fakes import Interrupted
from tests.support.steps import put_csv, running, upsert

TABLE = "customer_id,age\n" + "".join(f"c{n},{n % 60}\n" for n in range(60))


def full():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "send",
    [
        lambda client: client.put(
            "/v1/datasets/new", content=TABLE, headers={"Content-Type": "text/csv"}
        ),
        lambda client: client.post(
            "/v1/datasets/shop/customers", json={"customers": [{"customer_id": "c1", "new": 1}]}
        ),
    ],
    ids=["put", "upsert"],
)
def test_without_room_a_write_is_refused_with_the_reason(client, send):
    put_csv(client, "shop", TABLE)
    parts = client.app.state.services
    tables = Interrupted(parts.stores.tables, "stage", full)
    client.app.state.services = replace(parts, stores=replace(parts.stores, tables=tables))
    answer = send(client)
    assert (answer.status_code, answer.json()["type"]) == (507, "/problems/storage-full")


def test_without_room_a_fit_fails_with_the_reason(client):
    put_csv(client, "shop", TABLE)
    engine, stores = client.app.state.services.engine, client.app.state.services.stores
    engine._stores = replace(stores, artifacts=Interrupted(stores.artifacts, "save", full))
    asked = {"name": "shop", "dataset": "shop", "k": 2, "features": ["age"]}
    answer = client.post("/v1/models", json=asked, headers={"Prefer": "wait=60"})
    assert (answer.status_code, answer.json()["type"]) == (507, "/problems/storage-full")


def test_a_full_disk_is_reported_by_the_database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'metadata.sqlite'}")
    with pytest.raises(StorageFull):
        outgrow(database)
    database.close()


def outgrow(database):
    with database.writing() as session:
        session.execute(text("PRAGMA max_page_count = 1"))
        session.execute(text("CREATE TABLE notes (note TEXT)"))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "no room"), True),
        (OSError(errno.EDQUOT, "no more of it"), True),
        (OSError("Generic LocalFileSystem error: No space left on device (os error 28)"), True),
        (OSError(errno.EACCES, "not ours"), False),
        (ValueError("(os error 28)"), False),
    ],
)
def test_a_full_disk_is_distinguished_from_other_errors(error, expected):
    assert is_full(error) == expected


def test_a_full_disk_is_reported_by_the_file_storage(tmp_path):
    with pytest.raises(StorageFull), LocalStorage(tmp_path).reached():
        full()


@pytest.mark.parametrize(("free", "has_free_space"), [(2**30, True), (1000, False)])
def test_a_directory_tells_whether_there_is_room(tmp_path, monkeypatch, free, has_free_space):
    disk = os.statvfs(tmp_path)
    seen = os.statvfs_result((disk.f_bsize, 1, *disk[2:4], free, *disk[5:]))
    monkeypatch.setattr(os, "statvfs", lambda _: seen)
    assert LocalStorage(tmp_path / "not" / "there").has_free_space() == has_free_space


def test_a_service_without_room_is_not_ready():
    there = {"database": "ok", "engine": True, "tables": True, "artifacts": True}
    readiness = Readiness.of(**there, full={"tables"})
    assert (readiness.status, readiness.tables, readiness.artifacts) == (
        "unavailable",
        "full",
        "ok",
    )


# Who else may read it


@pytest.fixture
def usual_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def modes(home):
    """List the access of other local users to a service's files, by first path component."""
    names = ["", "tables", "artifacts", *(path.name for path in home.glob("metadata.sqlite*"))]
    return {name: (home / name).stat().st_mode & 0o077 for name in names}


@pytest.mark.usefixtures("usual_umask")
def test_stored_files_are_readable_by_their_owner_only(settings):
    with running(settings) as client:
        put_csv(client, "shop", TABLE)
        assert set(modes(settings.home).values()) == {0}


@pytest.mark.usefixtures("usual_umask")
def test_an_old_home_is_closed_to_others_at_the_start(settings):
    with running(settings) as client:
        put_csv(client, "shop", TABLE)
    for path in (settings.home, settings.home / "tables", *settings.home.glob("metadata.sqlite*")):
        path.chmod(0o755)
    with running(settings) as client:
        upsert(client, "shop", {"customer_id": "c1", "age": 1})
        assert set(modes(settings.home).values()) == {0}
