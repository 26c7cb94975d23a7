"""One customer, or a whole dataset, erased for good.

What is left on the disk is searched byte by byte.
"""

import io
import json
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text

from service.datasets.erasure import delete_expired_notices
from service.jobs.rows import JobRow
from service.stores import open_stores
from service.stores.database import Base, DatabaseUnavailable
from service.tasks import run_attempt
from tests.support.fakes import IdleEngine, Interrupted
from tests.support.steps import (
    customers_of,
    erase,
    finished,
    fit,
    put_csv,
    refit,
    run_of,
    running,
    upsert,
)

pytestmark = pytest.mark.slow

CANARY, SPENT, NOTE = "Zanzibar-77", 8311.77, "Quetzal-42"
SECRETS = [CANARY.encode(), NOTE.encode(), str(SPENT).encode(), struct.pack("<d", SPENT)]
ROWS = [f"c{n},{20 + n % 40},{n * 7 % 97}.25,note {n}" for n in range(120)]
TABLE = "\n".join(["customer_id,age,spent,note", *ROWS, f"{CANARY},64,{SPENT},{NOTE}"])
JOBS = {"Prefer": "wait=0"}
RUNS = "/v1/models/shop/versions/production/assignment-runs"
ANYWHERE = [
    f"/v1/datasets/shop/customers/{CANARY}",
    "/v1/datasets/shop/customers?format=csv",
    "/v1/datasets/shop",
    "/v1/datasets/shop/summary",
    "/v1/jobs",
]


def decoded(data: bytes) -> bytes:
    """Give the cells of a Parquet file beside its bytes, and what a joblib file compresses."""
    if data[:4] == b"PAR1":
        cells = pq.read_table(io.BytesIO(data)).to_pydict().values()
        return data + "\n".join(str(cell) for column in cells for cell in column).encode()
    return data + zlib.decompress(data) if data[:1] == b"x" else data


def traces(client, home) -> list[tuple[str, bytes]]:
    """Find the files below a directory and the metadata tables that hold a customer's data."""
    contents = dict(metadata(client.app.state.services.stores.database))
    contents |= {
        str(path): decoded(path.read_bytes()) for path in home.rglob("*") if path.is_file()
    }
    return [
        (Path(name).name, secret)
        for name, data in contents.items()
        for secret in SECRETS
        if secret in data
    ]


def metadata(database) -> Iterator[tuple[str, bytes]]:
    """Give the rows of PostgreSQL, and see to it that those of SQLite are all in its file."""
    if database.engine.dialect.name == "sqlite":
        database.close()
        with closing(sqlite3.connect(database.engine.url.database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with database.engine.connect() as connection:
        for table in Base.metadata.tables:
            yield table, str(connection.execute(text(f'SELECT * FROM "{table}"')).all()).encode()  # noqa: S608 - our own names


@pytest.fixture
def settings(settings):
    """A service whose changes name erased customers no longer than it takes to erase them."""
    return settings.model_copy(update={"erasure_notice_days": 0})


@pytest.fixture
def home(tmp_path):
    return tmp_path


def use_everything(client) -> None:
    """Do everything that the service can do with a customer."""
    put_csv(client, "shop", TABLE.replace("64,", "63,"))
    put_csv(client, "shop", TABLE)
    upsert(client, "shop", {"customer_id": CANARY, "age": 65}, {"customer_id": "c3", "note": NOTE})
    upsert(client, "shop", {"customer_id": "c3", "note": "note 3"})
    client.patch(
        "/v1/datasets/shop", json={"columns": {"note": {"kind": "ignored", "missing": ["?"]}}}
    )
    fit(client, "shop", dataset="shop", k=3, features=["age", "spent"])
    refit(client, "shop", algorithm={"name": "hierarchical"}, k=2)
    run = run_of(client, "shop", "shop")
    for path in [f"shop/customers/{CANARY}", "shop/customers?format=parquet", "shop/summary"]:
        assert client.get(f"/v1/datasets/{path}").is_success
    assert CANARY in client.get(f"{RUNS}/{run['run']}/assignments?format=csv").text


def place(client):
    asked = {"customers": [{"age": 30, "spent": 50}, {"age": 64, "spent": SPENT}]}
    return client.post("/v1/models/shop/assignments", json=asked).json()


def readable(client) -> list[int]:
    newest = client.get("/v1/datasets/shop").json()["dataset_version"]
    asked = {
        n: client.get("/v1/datasets/shop/summary", params={"dataset_version": n})
        for n in range(1, newest + 1)
    }
    return [n for n, answer in asked.items() if answer.is_success]


@pytest.fixture
def used(client):
    use_everything(client)
    return client


@dataclass(frozen=True, kw_only=True)
class Erased:
    """A service after a customer was erased.

    What was on its disk before, how it answered at once, and the job.
    """

    client: TestClient
    home: Path
    before: list[tuple[str, bytes]]
    placed: dict
    at_once: list[Response]
    job: dict


@pytest.fixture(scope="module")
def erased(at_home, tmp_path_factory):
    home = tmp_path_factory.mktemp("erased")
    with running(at_home(home, erasure_notice_days=0)) as client:
        use_everything(client)
        before, placed = traces(client, home), place(client)
        [run] = {path.parent.name for path in (home / "tables" / "default" / "runs").glob("*/*")}
        job = erase(client, "shop", CANARY)
        at_once = [client.get(path) for path in (*ANYWHERE, f"{RUNS}/{run}/assignments?format=csv")]
        yield Erased(
            client=client,
            home=home,
            before=before,
            placed=placed,
            at_once=at_once,
            job=finished(client, job),
        )


def test_the_search_finds_a_present_customer(erased):
    assert {secret for _, secret in erased.before} >= {
        CANARY.encode(),
        NOTE.encode(),
        str(SPENT).encode(),
    }


def test_an_erased_customer_cannot_be_read_at_once(erased):
    assert [answer.status_code for answer in erased.at_once] == [404] + [200] * len(ANYWHERE)
    assert not [
        answer.url for answer in erased.at_once if CANARY in answer.text or NOTE in answer.text
    ]


def test_an_erased_customer_is_nowhere_on_the_disk_once_its_job_is_done(erased):
    assert (erased.job["kind"], erased.job["state"]) == ("erase", "succeeded")
    assert traces(erased.client, erased.home) == []


def test_the_others_are_still_there(erased):
    assert [row["customer_id"] for row in customers_of(erased.client, "shop")] == [
        f"c{n}" for n in range(120)
    ]


def test_a_customer_is_erased_once(erased):
    assert erased.client.delete(f"/v1/datasets/shop/customers/{CANARY}").status_code == 404


def test_a_refused_erasure_changes_nothing(erased):
    before = erased.client.get("/v1/datasets/shop").json()
    assert erased.client.delete("/v1/datasets/shop/customers/nobody").status_code == 404
    assert erased.client.get("/v1/datasets/shop").json() == before


def test_older_versions_of_the_dataset_are_gone(erased):
    assert readable(erased.client) == [
        erased.client.get("/v1/datasets/shop").json()["dataset_version"]
    ]


def test_versions_of_models_show_that_their_data_is_gone(erased):
    versions = erased.client.get("/v1/models/shop/versions").json()["versions"]
    assert [version["dataset_version_available"] for version in versions] == [False, False]


def test_models_assign_customers_as_before(erased):
    assert place(erased.client) == erased.placed


def test_the_job_of_an_erasure_names_no_customer(erased):
    with erased.client.app.state.services.stores.database.reading() as session:
        assert CANARY not in str(vars(session.get_one(JobRow, erased.job["job"])))


def test_no_line_in_the_log_names_an_erased_customer(client, capfd):
    put_csv(client, "shop", TABLE)
    finished(client, erase(client, "shop", CANARY))
    client.get(f"/v1/datasets/shop/customers/{CANARY}")
    said = capfd.readouterr()
    assert CANARY not in said.out + said.err


def test_an_erased_customer_can_be_inserted_again(client):
    put_csv(client, "shop", TABLE)
    finished(client, erase(client, "shop", CANARY))
    assert (
        upsert(client, "shop", {"customer_id": CANARY, "age": 30})["results"][0]["result"]
        == "inserted"
    )


def test_a_forced_delete_leaves_no_customer(used, home):
    assert used.delete("/v1/datasets/shop", params={"force": True}).status_code == 204
    assert traces(used, home) == []
    assert list((home / "tables").rglob("*.parquet")) == []


def test_a_write_that_broke_off_leaves_nothing_of_an_erased_customer(client, home):
    put_csv(client, "shop", TABLE)
    [file] = [
        path for path in (home / "tables").rglob("*.parquet") if "_delta_log" not in path.parts
    ]
    file.with_name("0123456789abcdef.parquet").write_bytes(file.read_bytes())
    finished(client, erase(client, "shop", CANARY))
    assert traces(client, home) == []


def test_a_write_during_an_erasure_does_not_restore_the_customer(settings, home):
    stores = open_stores(settings)
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        job = erase(client, "shop", CANARY)
        left = [lambda: upsert(client, "shop", {"customer_id": "new", "age": 1})]
        tables = Interrupted(stores.tables, "stage", lambda: left and left.pop()())
        run_attempt(replace(stores, tables=tables), job, max_attempts=3)
        stores.database.close()
        assert (len(customers_of(client, "shop")), traces(client, home)) == (121, [])


def test_the_changes_name_an_erased_customer_until_the_notice_expires(at_home, tmp_path):
    with running(at_home(tmp_path, erasure_notice_days=7)) as client:
        put_csv(client, "shop", TABLE)
        upsert(client, "shop", {"customer_id": CANARY, "age": 65})
        finished(client, erase(client, "shop", CANARY))
        changes = client.get("/v1/datasets/shop/changes").json()["changes"]
        assert [(each["change"], each["customer_id"]) for each in changes] == [
            ("replaced", None),
            ("deleted", None),
            ("deleted", CANARY),
        ]
        stores = client.app.state.services.stores
        delete_expired_notices(replace(stores, erasure_notice=timedelta(0)))
        stores.database.forget_deleted()
        assert traces(client, tmp_path) == []


def test_waiting_erasures_share_one_job_and_one_version(settings):
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        jobs = {erase(client, "shop", f"c{n}") for n in range(10)}
        stores = open_stores(settings)
        for job in jobs:
            run_attempt(stores, job, max_attempts=3)
        stores.database.close()
        assert (len(jobs), readable(client)) == (1, [11])
        assert len(customers_of(client, "shop")) == 111


def test_a_category_that_only_an_erased_customer_had_is_in_no_model(client, home):
    towns = "".join(f"c{n},{20 + n % 40},{'Ulm' if n % 2 else 'Bonn'}\n" for n in range(60))
    put_csv(client, "shop", f"customer_id,age,town\n{towns}{CANARY},64,{NOTE}\n")
    fit(client, "shop", dataset="shop", k=2, features=["age", "town"])
    finished(client, erase(client, "shop", CANARY))
    assert traces(client, home) == []


def test_a_newest_date_of_an_erased_customer_is_not_revealed(client):
    put_csv(
        client, "shop", f"customer_id,seen\nc1,2024-01-01\nc2,2024-01-11\n{CANARY},2025-11-13\n"
    )
    client.patch("/v1/datasets/shop", json={"columns": {"seen": {"kind": "numeric"}}})
    finished(client, erase(client, "shop", CANARY))
    assert "2025-11-13" not in client.get("/v1/datasets/shop").text


def test_days_count_from_the_newest_date_that_is_left(client):
    put_csv(
        client, "shop", f"customer_id,seen\nc1,2024-01-01\nc2,2024-01-11\n{CANARY},2025-11-13\n"
    )
    client.patch("/v1/datasets/shop", json={"columns": {"seen": {"kind": "numeric"}}})
    finished(client, erase(client, "shop", CANARY))
    assert [row["seen"] for row in customers_of(client, "shop")] == [10, 0]
    upsert(client, "shop", {"customer_id": "c3", "seen": "2024-01-06"})
    assert customers_of(client, "shop")[-1]["seen"] == 5


def test_days_are_unchanged_if_another_customer_has_the_newest_date(client):
    put_csv(
        client, "shop", f"customer_id,seen\nc1,2024-01-01\nc2,2024-01-11\n{CANARY},2024-01-05\n"
    )
    client.patch("/v1/datasets/shop", json={"columns": {"seen": {"kind": "numeric"}}})
    before = customers_of(client, "shop")
    erase(client, "shop", CANARY)
    assert customers_of(client, "shop") == before[:2]


def test_a_column_without_remaining_dates_reveals_none(client):
    put_csv(client, "shop", f"customer_id,seen\nc1,\nc2,\n{CANARY},2025-11-13\nd,2025-11-12\n")
    client.patch("/v1/datasets/shop", json={"columns": {"seen": {"kind": "numeric"}}})
    for customer in (CANARY, "d"):
        finished(client, erase(client, "shop", customer))
    assert "2025-11-1" not in client.get("/v1/datasets/shop").text


# What SQLite writes ahead


def inflated(data: bytes) -> bytes:
    """Give what is packed by zlib anywhere in some bytes, as answers are in the metadata."""
    starts = [
        at
        for at in range(len(data) - 1)
        if data[at] == 0x78 and data[at + 1] in {0x01, 0x5E, 0x9C, 0xDA}
    ]
    return b"".join(_inflate(data[at : at + 2**16]) for at in starts)


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data)
    except zlib.error:
        return b""


def in_database(home) -> list[str]:
    """Name the files of SQLite that hold anything of the customer, packed or not."""
    files = sorted(home.glob("metadata.sqlite*"))
    contents = {path.name: path.read_bytes() for path in files}
    return [name for name, data in contents.items() if CANARY.encode() in data + inflated(data)]


@pytest.fixture
def answered(client, server_of_all):
    """A service that keeps an answer which names the customer."""
    if server_of_all is not None:
        pytest.skip("a server keeps its own log")
    put_csv(client, "shop", "customer_id,age\nc1,30\n")
    body = {"customers": [{"customer_id": CANARY, "age": 64}]}
    assert client.post(
        "/v1/datasets/shop/customers", json=body, headers={"Idempotency-Key": "once"}
    ).is_success
    return client


def test_stored_responses_are_in_the_database_file(answered, home):
    assert in_database(home) != []
    assert answered.get("/livez").is_success


def test_an_erased_customer_is_in_no_file_of_the_database_once_its_job_is_done(answered, home):
    assert finished(answered, erase(answered, "shop", CANARY))["state"] == "succeeded"
    assert in_database(home) == []


def test_an_erasure_waits_for_readers_of_the_deleted_rows(answered, home):
    database = answered.app.state.services.stores.database
    with database.reading() as session:
        session.execute(text("SELECT count(*) FROM datasets"))
        job = erase(answered, "shop", CANARY)
        with pytest.raises(DatabaseUnavailable):
            database.forget_deleted(attempts=1)
    assert finished(answered, job)["state"] == "succeeded"
    assert in_database(home) == []


def test_a_service_that_ends_leaves_no_log_of_its_database(settings, server_of_all):
    if server_of_all is not None:
        pytest.skip("a server keeps its own log")
    with running(settings) as client:
        put_csv(client, "shop", "customer_id,age\nc1,30\n")
        with open_stores(
            settings
        ).database.engine.connect():  # another process, which never closes what it opened
            client.__exit__(None, None, None)
            assert (
                sum(path.stat().st_size for path in settings.home.glob("metadata.sqlite-wal")) == 0
            )


# Fits


def test_a_fit_after_an_erasure_uses_the_remaining_customers(settings):
    stores = open_stores(settings)
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        asked = {"name": "shop", "dataset": "shop", "k": 2, "features": ["age", "spent"]}
        job = client.post("/v1/models", json=asked, headers=JOBS).json()["job"]
        erasure = erase(client, "shop", CANARY)
        run_attempt(stores, erasure, max_attempts=3)
        run_attempt(stores, job, max_attempts=3)
        version = client.get("/v1/models/shop/versions/1").json()
    stores.database.close()
    assert (version["state"], version["dataset_version"], version["n_customers"]) == (
        "ready",
        2,
        120,
    )
    assert version["dataset_version_available"]


def test_a_fit_that_read_an_erased_customer_shows_that_its_data_is_gone(
    settings,
):
    stores = open_stores(settings)
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        asked = {"name": "shop", "dataset": "shop", "k": 2, "features": ["age", "spent"]}
        job = client.post("/v1/models", json=asked, headers=JOBS).json()["job"]

        def erase_now():
            run_attempt(stores, erase(client, "shop", CANARY), max_attempts=3)

        artifacts = Interrupted(stores.artifacts, "save", erase_now)
        run_attempt(replace(stores, artifacts=artifacts), job, max_attempts=3)
        version = client.get("/v1/models/shop/versions/1").json()
    stores.database.close()
    assert (version["state"], version["dataset_version_available"]) == ("ready", False)


# Versions that nobody needs


@pytest.fixture
def few(settings):
    """A service that keeps two versions of a dataset."""
    with running(settings.model_copy(update={"dataset_versions": 2})) as client:
        put_csv(client, "shop", TABLE)
        yield client


def write(client, times):
    for _ in range(times):
        put_csv(client, "shop", TABLE)


def compacted(client):
    """Wait for the job that makes room."""
    jobs = [job for job in client.get("/v1/jobs").json()["jobs"] if job["kind"] == "compact"]
    return [finished(client, job["job"])["state"] for job in jobs]


def tables_of(home):
    return len(
        [path for path in (home / "tables").rglob("*.parquet") if "_delta_log" not in path.parts]
    )


def test_old_versions_are_released_and_the_newest_are_kept(few):
    write(few, 4)
    assert readable(few) == [4, 5]


def test_versions_in_use_by_models_are_kept(few):
    write(few, 1)
    fit(few, "shop", dataset="shop", k=2, features=["age", "spent"])
    write(few, 4)
    assert readable(few) == [2, 5, 6]
    assert few.get("/v1/models/shop/versions/1").json()["dataset_version_available"]


def test_a_version_is_released_when_its_model_is_deleted(few):
    fit(few, "shop", dataset="shop", k=2, features=["age", "spent"])
    write(few, 2)
    few.delete("/v1/models/shop")
    write(few, 1)
    assert readable(few) == [3, 4]


def test_every_tenth_version_removes_unused_files(few, home):
    fit(few, "shop", dataset="shop", k=2, features=["age", "spent"])
    write(few, 8)
    before = tables_of(home)
    write(few, 1)
    assert (before, compacted(few), tables_of(home)) == (9, ["succeeded"], 3)
    assert readable(few) == [1, 9, 10]


def test_versions_that_are_written_while_files_are_removed_stay(settings):
    stores = open_stores(settings)
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        write(client, 9)
        [job] = [
            job["job"] for job in client.get("/v1/jobs").json()["jobs"] if job["kind"] == "compact"
        ]
        left = [lambda: write(client, 2)]
        tables = Interrupted(stores.tables, "open_purge", lambda: left and left.pop()())
        run_attempt(replace(stores, tables=tables), job, max_attempts=3)
        assert readable(client) == list(range(1, 13))
    stores.database.close()


def test_customers_keep_their_pages_and_members_while_files_are_removed(few):
    fit(few, "shop", dataset="shop", k=2, features=["age", "spent"])
    write(few, 9)
    compacted(few)
    segments = few.get("/v1/models/shop/versions/1/segments").json()["segments"]
    address = "/v1/models/shop/versions/1/segments/{}/customers"
    members = [
        few.get(address.format(each["segment"]), params={"page_size": 1000}) for each in segments
    ]
    assert sum(len(json.loads(answer.text)["customers"]) for answer in members) == 121


def test_a_customer_absent_from_a_later_upload_can_be_erased_too(client):
    put_csv(client, "shop", "id,x\na,1\nb,2\n")
    put_csv(client, "shop", "id,x\nb,2\n")
    assert client.delete("/v1/datasets/shop/customers/a").status_code == 204
    assert client.delete("/v1/datasets/shop/customers/a").status_code == 404
