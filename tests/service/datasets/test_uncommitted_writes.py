"""What is written and not counted, as a write was refused or broke off.

Nobody sees it, and nothing is built on it.
"""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import polars as pl
import pyarrow as pa
import pytest

from service.config import Settings
from service.datasets import stored_versions
from service.errors import TableBusy
from service.jobs import repository as jobs
from service.stores import open_stores
from service.stores.database import DatabaseUnavailable
from service.tasks import run_attempt
from service.web.problems import to_problem
from tests.support.fakes import IdleEngine, Interrupted
from tests.support.paths import ROOT
from tests.support.steps import (
    customers_of,
    erase,
    finished,
    put_csv,
    replaced_stores,
    running,
    upsert,
)
from tests.support.writing import store_rows

pytestmark = pytest.mark.slow

TABLE = "customer_id,age\nc1,30\nc2,41\n"
REFUSED = "Zanzibar-77"
PURCHASES = {"shape": "transactions", "customer": "customer_id", "date": "date", "amount": "amount"}
BOUGHT = "customer_id,date,amount\nc1,2024-01-01,5\nc2,2024-01-02,7\n"
MORE = "customer_id,date,amount\nc3,2024-01-01,9\n"


def upserted(client):
    upsert(client, "shop", {"customer_id": "c3", "age": 50})


def put(client):
    put_csv(client, "shop", "customer_id,age\nc3,50\n")


def changed(client):
    answer = client.patch("/v1/datasets/shop", json={"columns": {"age": {"kind": "categorical"}}})
    assert answer.is_success, answer.text


def erased(client):
    erase(client, "shop", "c1")


def path_of(client, name="shop", path=stored_versions.table_path):
    dataset, _ = stored_versions.newest(client.app.state.services.stores, "default", name)
    return path("default", dataset.id)


def leave_uncounted(client, path):
    """Leave what a process leaves that ends between the table and the count."""
    tables = client.app.state.services.stores.tables
    left = tables.read(path)
    strange = pa.table({name: left[name].slice(0, 1) for name in left.column_names})
    strange = strange.set_column(0, left.column_names[0], pa.array([REFUSED]))
    tables.replace(path, pa.concat_tables([strange, left.slice(1)]))


def ids(client):
    return [row["customer_id"] for row in customers_of(client, "shop")]


def holding(directory):
    """Name the files of rows that hold the refused customer."""
    files = [path for path in directory.rglob("*.parquet") if "_delta_log" not in path.parts]
    return [
        path.name
        for path in files
        if REFUSED in str(pl.read_parquet(path).to_dict(as_series=False))
    ]


@pytest.mark.parametrize(
    ("write", "left"),
    [(upserted, ["c1", "c2", "c3"]), (put, ["c3"]), (changed, ["c1", "c2"]), (erased, ["c2"])],
    ids=["upsert", "put", "patch", "erasure"],
)
def test_a_write_builds_on_the_committed_version(client, write, left):
    put_csv(client, "shop", TABLE)
    leave_uncounted(client, path_of(client))
    write(client)
    assert ids(client) == left


@pytest.mark.parametrize("ledger", [False, True], ids=["customers", "ledger"])
def test_transactions_are_added_to_those_that_are_counted(client, ledger):
    put_csv(client, "shop", BOUGHT, **PURCHASES)
    leave_uncounted(
        client,
        path_of(client, path=stored_versions.ledger_path if ledger else stored_versions.table_path),
    )
    headers = {"Content-Type": "text/csv"}
    assert client.post("/v1/datasets/shop/transactions", content=MORE, headers=headers).is_success
    erase(client, "shop", "c1")
    assert ids(client) == ["c2", "c3"]


def stored_files(settings):
    """The files of the tables, without lookup files, which any read may write."""
    files = settings.tables_directory().rglob("*")
    return sorted(path for path in files if path.is_file() and "_lookup" not in path.parts)


@pytest.mark.parametrize(
    "write", [upserted, put, changed, erased], ids=["upsert", "put", "patch", "erasure"]
)
def test_a_write_that_cannot_commit_leaves_no_file_and_no_table_version(client, settings, write):
    put_csv(client, "shop", TABLE)
    parts = client.app.state.services
    before = stored_files(settings)

    class Locked:
        def writing(self):
            raise DatabaseUnavailable

        def __getattr__(self, name):
            return getattr(parts.stores.database, name)

    with (
        replaced_stores(client, database=Locked()),
        pytest.raises(AssertionError, match="database-unavailable"),
    ):
        write(client)
    assert stored_files(settings) == before


def test_an_erasure_of_an_uncommitted_customer_is_not_found_and_removes_the_bytes(client, settings):
    put_csv(client, "shop", TABLE)
    leave_uncounted(client, path_of(client))
    answer = client.delete(f"/v1/datasets/shop/customers/{REFUSED}")
    [job] = [job for job in client.get("/v1/jobs").json()["jobs"] if job["kind"] == "erase"]
    assert (answer.status_code, job["job"] in answer.json()["detail"]) == (404, True)
    assert finished(client, job["job"])["state"] == "succeeded"
    assert (holding(settings.tables_directory()), ids(client)) == ([], ["c1", "c2"])


def test_an_erasure_of_an_absent_customer_plans_no_job(client):
    put_csv(client, "shop", TABLE)
    upserted(client)
    assert client.delete(f"/v1/datasets/shop/customers/{REFUSED}").status_code == 404
    assert client.get("/v1/jobs").json()["jobs"] == []


def test_an_incomplete_file_is_removed_by_an_erasure_of_an_absent_customer(client, settings):
    put_csv(client, "shop", TABLE)
    torn = settings.tables_directory() / path_of(client) / "0-torn.parquet"
    torn.write_bytes(b"PAR1")
    assert client.delete(f"/v1/datasets/shop/customers/{REFUSED}").status_code == 404
    [job] = client.get("/v1/jobs").json()["jobs"]
    finished(client, job["job"])
    assert not torn.exists()


def test_after_an_erasure_other_programs_read_the_committed_version(client, settings):
    put_csv(client, "shop", TABLE)
    path = path_of(client)
    erase(client, "shop", "c1")
    leave_uncounted(client, path)
    client.delete(f"/v1/datasets/shop/customers/{REFUSED}")
    for job in client.get("/v1/jobs").json()["jobs"]:
        finished(client, job["job"])
    assert pl.read_delta(str(settings.tables_directory() / path))["customer_id"].to_list() == ["c2"]


def test_a_write_that_a_purge_overtakes_is_begun_again(settings):
    """Its file may have been taken for one that broke off."""
    stores = open_stores(settings)
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        job = erase(client, "shop", "c1")
        parts, left = client.app.state.services, [lambda: run_attempt(stores, job, max_attempts=3)]
        database = Interrupted(parts.stores.database, "writing", lambda: left and left.pop()())
        client.app.state.services = replace(parts, stores=replace(parts.stores, database=database))
        upserted(client)
        assert ids(client) == ["c2", "c3"]
    stores.database.close()


def test_concurrent_writers_lose_no_rows(settings):
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        several = [open_stores(settings) for _ in range(3)]
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(lay_five, several, "xyz"))
        assert sorted(ids(client)) == sorted(
            ["c1", "c2", *(f"{name}{n}" for name in "xyz" for n in range(5))]
        )
        assert client.get("/v1/datasets/shop").json()["dataset_version"] == 16
        for stores in several:
            stores.database.close()


def test_writers_of_one_process_lose_no_race(settings):
    """Whoever takes longer than others would always lose."""
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        pauses = []
        client.app.state.services.stores.tables._sleep = pauses.append
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda name: lay_five(client.app.state.services.stores, name), "wxyz"))
        assert (len(ids(client)), pauses) == (22, [])


def lay_five(stores, name):
    for n in range(5):
        batch = pa.table({"customer_id": [f"{name}{n}"], "age": ["1"]})
        store_rows(stores, "shop", batch)


WRITING = """
import sys
from pathlib import Path
import pyarrow as pa
from service.config import Settings
from service.errors import TableBusy
from service.stores import open_stores
from tests.support.writing import store_rows

stores, n = open_stores(Settings(home=Path(sys.argv[1]))), 0
while True:
    batch = pa.table({"customer_id": [sys.argv[2] + str(n)], "age": ["1"]})
    store_rows(stores, "shop", batch)
    print(n, flush=True)
    n += 1
"""


@pytest.mark.processes
def test_a_write_whose_process_is_killed_is_committed_or_never_visible(tmp_path, nth):
    settings = Settings(home=tmp_path)
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        for round_ in range(3):
            acknowledged = write_until_killed(
                tmp_path, f"r{round_}-", after=1 + (nth * 3 + round_) % 7
            )
            before = ids(client)
            upsert(client, "shop", {"customer_id": f"after{round_}", "age": 2})
            assert ids(client) == [*before, f"after{round_}"]
            assert {f"r{round_}-{n}" for n in range(acknowledged)} <= set(before)


def write_until_killed(home, prefix, *, after):
    """Let a process of its own write until it has done so a few times.

    Gives how many were acknowledged.
    """
    command = [sys.executable, "-c", WRITING, str(home), prefix]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own script
        for _ in range(after):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        return after + len(process.stdout.read().splitlines())


# Purges


def test_a_purge_that_meets_another_write_is_tried_again_until_it_is_done(settings):
    stores = open_stores(settings)
    with running(settings, engine=IdleEngine) as client, closing(stores.database):
        put_csv(client, "shop", TABLE)
        job = erase(client, "shop", "c1")
        busy = Interrupted(stores.tables, "open_purge", lambda: int("not now"))
        for _ in range(5):
            run_attempt(replace(stores, tables=busy), job, max_attempts=3)
        tried = client.get(f"/v1/jobs/{job}").json()
        run_attempt(stores, job, max_attempts=3)
        assert (tried["state"], client.get(f"/v1/jobs/{job}").json()["state"]) == (
            "running",
            "succeeded",
        )


def test_an_erasure_whose_job_failed_can_be_requested_again(settings):
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        job = erase(client, "shop", "c1")
        database = client.app.state.services.stores.database
        with database.writing() as session:
            jobs.claim_job(session, job, worker="")
            jobs.fail_job(session, job, 1, to_problem(TableBusy()))
        assert client.delete("/v1/datasets/shop/customers/c1").status_code == 404
        states = {each["job"]: each["state"] for each in client.get("/v1/jobs").json()["jobs"]}
    assert sorted(states.values()) == ["failed", "queued"]


def test_one_job_is_enough_for_erasures_that_wait(settings):
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        assert len({erase(client, "shop", customer) for customer in ("c1", "c2")}) == 1


def test_an_erasures_job_cannot_be_cancelled(settings):
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        job = erase(client, "shop", "c1")
        answer = client.post(f"/v1/jobs/{job}/cancel")
        assert (answer.status_code, client.get(f"/v1/jobs/{job}").json()["state"]) == (
            409,
            "queued",
        )
        assert "cannot be cancelled" in answer.json()["detail"]


def test_purges_run_before_other_jobs(settings):
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "shop", TABLE)
        asked = {"name": "shop", "dataset": "shop", "k": 2}
        fit = client.post("/v1/models", json=asked, headers={"Prefer": "wait=0"}).json()["job"]
        job = erase(client, "shop", "c1")
        with client.app.state.services.stores.database.reading() as session:
            assert jobs.list_unfinished_jobs(session, limit=10) == [job, fit]
