import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import text

from service.datasets import repository as datasets
from service.errors import AlreadyExists
from service.jobs import operations, repository
from service.jobs.rows import JobRow
from service.registry import operations as registry_operations
from service.registry import repository as registry
from service.stores.database import Database, now

pytestmark = pytest.mark.slow

THREADS, WRITES = 8, 20
MOMENT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
def at_once() -> Callable:
    """Do something in eight threads at once, and give the answers, errors among them."""

    def attempt(act, number):
        try:
            return act(number)
        except AlreadyExists as error:
            return error

    def run(act, times=THREADS):
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(lambda number: attempt(act, number), range(times)))

    return run


@pytest.fixture
def plan(database):
    """Write down a job, and give its id."""

    def plan(tenant="default", payload=None) -> str:
        with database.writing() as session:
            return operations.create_job(session, tenant, "fit", payload or {}).id

    return plan


@pytest.fixture
def claim(database):
    """Claim a job, and give the attempt; None if it is finished."""

    def claim(job) -> int | None:
        with database.writing() as session:
            claimed = repository.claim_job(session, job, worker="w")
            return claimed and claimed.attempt

    return claim


@pytest.fixture
def read(database):
    def read(job) -> JobRow:
        with database.reading() as session:
            return repository.find_job(session, job)

    return read


def write(database, verb, *arguments, **named):
    with database.writing() as session:
        return verb(session, *arguments, **named)


def test_rows_written_in_a_block_are_committed_after_it(plan, read):
    assert read(plan()).state == "queued"


def test_a_block_that_breaks_off_writes_nothing(database):
    def break_off(session):
        operations.create_job(session, "default", "fit", {})
        raise KeyError

    with pytest.raises(KeyError):
        write(database, break_off)
    with database.reading() as session:
        assert repository.list_jobs(session, "default", before=None, limit=9) == []


def test_a_time_is_read_back_as_the_same_moment_in_utc(database, plan, read):
    job = plan()
    with database.writing() as session:
        session.get_one(JobRow, job).started_at = MOMENT
    back = read(job).started_at
    assert (back, back.utcoffset()) == (MOMENT, timedelta(0))


def test_a_time_is_read_back_in_utc_from_a_server_in_any_time_zone(postgresql):
    database = Database(f"{postgresql.address}&options=-ctimezone%3DAsia/Tokyo")
    with database.engine.connect() as connection:
        moment = connection.scalar(text("SELECT now()").columns(now=JobRow.created_at.type))
    database.close()
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "payload", [{}, {"k": 5}, {"deep": [1.5, None, "é", {"a": True}]}, {"k'\"\\": "%s :x ?"}]
)
def test_json_is_read_back_as_written(plan, read, payload):
    assert read(plan(payload=payload)).payload == payload


def test_an_absent_database_is_not_available():
    assert (
        Database("postgresql+psycopg://nobody@127.0.0.1:9/none?connect_timeout=1").state()
        == "unavailable"
    )


def test_a_reachable_database_is_available(database):
    assert database.state() == "ok"


def test_concurrent_writers_lose_nothing(database, plan, at_once):
    at_once(lambda number: plan(tenant=f"t{number % THREADS}"), THREADS * WRITES)
    with database.reading() as session:
        written = [
            len(repository.list_jobs(session, f"t{n}", before=None, limit=999))
            for n in range(THREADS)
        ]
    assert written == [WRITES] * THREADS


def test_concurrent_versions_have_numbers_of_their_own(database, at_once):
    model = write(database, registry.add_model, "default", "m")
    numbers = at_once(
        lambda _: write(database, registry_operations.next_number, model), THREADS * WRITES
    )
    assert sorted(numbers) == list(range(1, THREADS * WRITES + 1))


def test_concurrent_writes_of_a_dataset_are_counted_one_by_one(database, at_once):
    dataset = write(database, datasets.reserve_dataset, "default", "d")

    def count(_):
        with database.writing() as session:
            locked = datasets.lock_dataset(session, dataset)
            locked.version += 1
            return locked.version

    assert sorted(at_once(count, THREADS * WRITES)) == list(range(1, THREADS * WRITES + 1))


def test_only_one_of_concurrent_models_with_one_name_is_created(database, at_once):
    made = at_once(lambda _: write(database, registry.add_model, "default", "m"))
    assert sorted(type(each).__name__ for each in made) == ["AlreadyExists"] * (THREADS - 1) + [
        "ModelRow"
    ]


def test_concurrent_reservations_of_one_name_get_one_dataset(database, at_once):
    reserved = at_once(lambda _: write(database, datasets.reserve_dataset, "default", "d").id)
    assert len(set(reserved)) == 1


@pytest.mark.parametrize("add", [registry.add_model, datasets.reserve_dataset])
def test_another_tenant_may_use_the_same_name(database, add):
    ids = {write(database, add, tenant, "n").id for tenant in ("one", "two")}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("add", "find"),
    [(registry.add_model, registry.find_model), (datasets.reserve_dataset, datasets.find_dataset)],
)
def test_resources_of_another_tenant_are_not_found(database, add, find):
    write(database, add, "one", "n")
    with database.reading() as session:
        assert find(session, "two", "n") is None


def test_concurrent_claimers_have_attempts_of_their_own(plan, claim, at_once):
    job = plan()
    assert sorted(at_once(lambda _: claim(job))) == list(range(1, THREADS + 1))


def test_only_the_last_of_concurrent_claimers_may_write(database, plan, claim, at_once):
    job = plan()
    attempts = at_once(lambda _: claim(job))
    held = [
        n
        for n in attempts
        if write(database, repository.write_progress, job, n, stage="s", progress=0.5)
    ]
    assert held == [THREADS]


def test_a_claimed_job_is_running(plan, claim, read):
    job = plan()
    claim(job)
    row = read(job)
    assert (row.state, row.worker, row.started_at is not None) == ("running", "w", True)


FINISHES = {
    "succeeded": lambda session, job: repository.succeed_job(session, job, 1, {}),
    "failed": lambda session, job: repository.fail_job(session, job, 1, {}),
    "cancelled": repository.cancel_job,
}
every_finish = pytest.mark.parametrize("state", FINISHES)


@every_finish
def test_a_finished_job_is_never_claimed(database, plan, claim, state):
    job = plan()
    claim(job)
    write(database, FINISHES[state], job)
    assert claim(job) is None


@every_finish
@pytest.mark.parametrize("then", FINISHES)
def test_a_finished_job_cannot_be_finished_again(database, plan, claim, state, then):
    job = plan()
    claim(job)
    assert [write(database, FINISHES[finish], job) for finish in (state, then)] == [True, False]


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_an_overtaken_attempt_finishes_nothing(database, plan, claim, read, state):
    job = plan()
    claim(job)
    claim(job)
    assert (write(database, FINISHES[state], job), read(job).state) == (False, "running")


def test_of_concurrent_finishers_one_counts(database, plan, claim, at_once):
    job = plan()
    claim(job)
    finishes = [*FINISHES.values()]
    assert sum(at_once(lambda number: write(database, finishes[number % 3], job))) == 1


@every_finish
def test_finished_jobs_are_not_listed_as_unfinished(database, plan, claim, state):
    done, waiting = plan(), plan()
    claim(done)
    write(database, FINISHES[state], done)
    with database.reading() as session:
        assert repository.list_unfinished_jobs(session, limit=9) == [waiting]


def test_the_oldest_unfinished_jobs_come_first(database, plan):
    planned = [plan() for _ in range(4)]
    with database.reading() as session:
        assert repository.list_unfinished_jobs(session, limit=3) == planned[:3]


def test_paging_through_jobs_of_the_same_moment_shows_each_once(database):
    moment = now()
    with database.writing() as session:
        session.add_all(
            JobRow(id=f"j{n}", tenant="default", kind="fit", payload={}, created_at=moment)
            for n in range(7)
        )
    seen, last = [], None
    with database.reading() as session:
        while page := repository.list_jobs(session, "default", before=last, limit=3):
            seen += [row.id for row in page]
            last = page[-1]
    assert sorted(seen, reverse=True) == seen == [f"j{n}" for n in range(6, -1, -1)]


@pytest.mark.parametrize("begun", ["before", "after"])
def test_no_connection_outlives_the_closing_of_its_database(database, begun):
    if begun == "after":
        database.close()
    with database.reading() as session:
        raw = session.connection().connection.dbapi_connection
        database.close()
    with pytest.raises((psycopg.OperationalError, sqlite3.ProgrammingError)):
        raw.cursor().execute("SELECT 1")
