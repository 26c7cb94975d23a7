from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from inspect import getdoc

import pytest

from models.errors import TooFewCustomers
from service import app, tasks
from service.config import Settings
from service.jobs import operations as jobs
from service.jobs import repository
from service.jobs.operations import JobResult
from service.jobs.rows import JobRow
from service.registry.repository import get_model, get_version
from service.stores import Stores, open_stores
from service.tasks import JobSuperseded, WorkerLost, run_attempt
from tests.support.fakes import IdleEngine
from tests.support.steps import put_csv, running

CELL = "Zanzibar"


@dataclass
class Work:
    """A kind of job that does what a test wants.

    Once while it works, once when it writes down what it did.
    """

    midway: object = lambda _progress: None
    at_the_end: object = lambda _session: {"made": 1}
    attempts: list[int] = field(default_factory=list)
    undone: int = 0

    def __call__(self, _stores, _payload, attempt, progress) -> JobResult:
        self.attempts.append(attempt)
        self.midway(progress)
        return JobResult(finish=self.at_the_end, undo=self.undo)

    def undo(self) -> None:
        self.undone += 1


@pytest.fixture
def settings(database, tmp_path) -> Settings:
    return Settings(
        home=tmp_path, database_url=database.engine.url.render_as_string(hide_password=False)
    )


@pytest.fixture
def stores(settings) -> Iterator[Stores]:
    stores = open_stores(settings)
    yield stores
    stores.database.close()


@pytest.fixture
def work(monkeypatch) -> Work:
    work = Work()
    monkeypatch.setitem(tasks.HANDLERS, "work", work)
    return work


@pytest.fixture
def job(database) -> str:
    """A job that waits to be run."""
    with database.writing() as session:
        return jobs.create_job(session, "default", "work", {}).id


@pytest.fixture
def run(stores, job):
    """Run the job's next attempt, and give its row as it is then."""

    def attempt(max_attempts: int = 3) -> JobRow:
        run_attempt(stores, job, max_attempts=max_attempts)
        return row(stores, job)

    return attempt


@pytest.fixture
def overtake(stores, job):
    """Begin another attempt at the job, as another worker would."""

    def claim(*_):
        with stores.database.writing() as session:
            repository.claim_job(session, job, worker="another")

    return claim


@pytest.fixture
def cancel(stores, job):
    def cancel(*_):
        with stores.database.writing() as session:
            repository.cancel_job(session, job)

    return cancel


@pytest.fixture
def fit_job(settings, sample_csv) -> str:
    """A job that fits a model to the sample."""
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "sample", sample_csv)
        asked = {"name": "m", "dataset": "sample", "k": 2}
        return client.post("/v1/models", json=asked, headers={"Prefer": "wait=0"}).json()["job"]


def row(stores, job) -> JobRow:
    with stores.database.reading() as session:
        return repository.find_job(session, job)


def fail(error):
    def raise_it(*_):
        raise error

    return raise_it


def test_the_app_names_the_entry_point_that_workers_have():
    module, _, function = app.ENTRY_POINT.partition(":")
    assert getattr(import_module(module), function) is tasks.run_job


@pytest.mark.usefixtures("work")
def test_a_job_that_ends_well_has_succeeded_with_its_result(run):
    ended = run()
    assert (ended.state, ended.result, ended.progress, ended.problem) == (
        "succeeded",
        {"made": 1},
        1.0,
        None,
    )


def test_a_finished_job_is_not_run_again(run, work):
    run()
    run()
    assert work.attempts == [1]


def test_a_cancelled_job_is_not_run(run, work, cancel):
    cancel()
    assert (run().state, work.attempts) == ("cancelled", [])


@pytest.mark.usefixtures("work")
def test_a_job_without_a_row_is_not_run(stores):
    run_attempt(stores, "no-such-job", max_attempts=3)
    assert row(stores, "no-such-job") is None


def test_progress_is_written_while_the_job_runs(run, work, stores, job):
    seen = []

    def halfway(progress):
        progress("clustering", 0.5)
        seen.append(row(stores, job))

    work.midway = halfway
    run()
    assert [(look.state, look.stage, look.progress) for look in seen] == [
        ("running", "clustering", 0.5)
    ]


def test_an_expected_error_is_reported_with_its_message(run, work):
    work.midway = fail(TooFewCustomers("3 distinct customers cannot form 5 segments"))
    assert run().problem["detail"] == "3 distinct customers cannot form 5 segments"


def test_an_unexpected_error_does_not_leak_its_message(run, work, capfd):
    work.midway = fail(ValueError(f"could not convert {CELL}"))
    ended = run()
    said = capfd.readouterr()
    assert (ended.state, CELL in f"{ended.problem}{said.out}{said.err}") == ("failed", False)


def test_a_job_that_ended_its_worker_too_often_fails(run, work, overtake):
    for _ in range(3):
        overtake()
    assert (run(max_attempts=3).problem["detail"], work.attempts) == (getdoc(WorkerLost), [])


def test_an_attempt_that_was_overtaken_stops_at_its_next_progress(run, work, overtake):
    reached = []

    def stumble(progress):
        overtake()
        progress("clustering", 0.5)
        reached.append("after")

    work.midway = stumble
    ended = run()
    assert (reached, ended.state, ended.attempt, ended.stage) == ([], "running", 2, None)


@pytest.mark.parametrize("rival", ["cancel", "overtake"])
def test_the_result_of_a_superseded_attempt_is_ignored(run, work, request, rival):
    work.midway = request.getfixturevalue(rival)
    ended = run()
    assert (ended.result, work.undone) == (None, 1)


@pytest.mark.parametrize("error", [JobSuperseded(), RuntimeError("broken")])
def test_a_last_step_that_breaks_off_is_undone_and_writes_nothing(run, work, stores, error):
    def half_way(session):
        jobs.create_job(session, "default", "work", {})
        raise error

    work.at_the_end = half_way
    run()
    with stores.database.reading() as session:
        written = repository.list_jobs(session, "default", before=None, limit=10)
    assert (len(written), work.undone) == (1, 1)


def test_a_fit_makes_its_version_ready(stores, fit_job):
    run_attempt(stores, fit_job, max_attempts=3)
    with stores.database.reading() as session:
        assert get_version(session, get_model(session, "default", "m"), "production").ready


def test_a_fit_that_is_overtaken_while_it_reads_leaves_the_files_of_the_next_attempt(
    stores, fit_job, tmp_path
):
    late = replace(stores, tables=Overtaken(stores, fit_job))
    run_attempt(late, fit_job, max_attempts=3)
    assert {path.parent.name for path in (tmp_path / "artifacts").rglob("*.joblib")} == {"2"}


class Overtaken:
    """Tables that are read so slowly that the next attempt has finished meanwhile."""

    def __init__(self, stores, job):
        self._stores, self._job = stores, job

    def read(self, *asked):
        run_attempt(self._stores, self._job, max_attempts=3)
        return self._stores.tables.read(*asked)
