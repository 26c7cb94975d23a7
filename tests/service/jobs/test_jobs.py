"""Jobs over HTTP, and what an attempt writes."""

import json
import time
from dataclasses import replace
from threading import Event

import pytest

from service.jobs import repository
from service.tasks import run_attempt
from tests.support.fakes import AbsentEngine, IdleEngine, Interrupted
from tests.support.steps import INCOME, SCORE, put_csv, running
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def idle(at_home, tmp_path_factory, sample_csv):
    """A service whose jobs wait for a worker, for ever."""
    with running(at_home(tmp_path_factory.mktemp("idle")), engine=IdleEngine) as client:
        put_csv(client, "sample", sample_csv)
        yield client


@pytest.fixture
def queued(idle, name):
    """A job that waits to fit the model `name`."""
    return submit(idle, name)


@pytest.fixture
def stores(idle):
    return idle.app.state.services.stores


def submit(client, name):
    body = {"name": name, "dataset": "sample", "k": 2, "features": [INCOME, SCORE]}
    return client.post("/v1/models", json=body, headers={"Prefer": "wait=0"}).json()["job"]


def show(client, job):
    return client.get(f"/v1/jobs/{job}").json()


def cancel(client, job):
    return client.post(f"/v1/jobs/{job}/cancel")


def first_version(client, name):
    return client.get(f"/v1/models/{name}/versions/1").json()


def attempt(stores, job, max_attempts=3):
    run_attempt(stores, job, max_attempts=max_attempts)


def model_files(client):
    directory = client.app.state.services.settings.artifacts_directory()
    return {path for path in directory.rglob("*") if path.is_file()}


def events(client, job):
    lines = client.get(f"/v1/jobs/{job}/events").text.splitlines()
    return [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]


def test_a_job_is_queued_until_a_worker_takes_it(idle, queued):
    job = show(idle, queued)
    assert (job["state"], job["attempt"], job["started_at"]) == ("queued", 0, None)


def test_jobs_are_listed_the_newest_first(idle, name):
    submitted = [submit(idle, f"{name}-{n}") for n in range(3)]
    assert [job["job"] for job in idle.get("/v1/jobs?page_size=3").json()["jobs"]] == submitted[
        ::-1
    ]


def test_a_job_is_listed_as_it_is_shown(idle, queued):
    assert idle.get("/v1/jobs?page_size=1").json()["jobs"] == [show(idle, queued)]


def test_a_finished_job_has_its_result(idle, stores, queued, name):
    attempt(stores, queued)
    job = show(idle, queued)
    assert (job["state"], job["progress"], job["result"]) == (
        "succeeded",
        1.0,
        {"model": name, "version": 1},
    )


def test_the_last_event_is_the_finished_job(sampled, name):
    told = events(sampled, submit(sampled, name))
    assert told[-1] == show(sampled, told[-1]["job"])
    assert told[-1]["state"] == "succeeded"


def test_of_a_finished_job_there_is_one_event(idle, queued):
    cancel(idle, queued)
    assert [told["state"] for told in events(idle, queued)] == ["cancelled"]


def test_progress_only_grows(sampled, name):
    told = [each["progress"] for each in events(sampled, submit(sampled, name))]
    assert told == sorted(told)


def test_a_queued_job_can_be_cancelled(idle, queued):
    answer = cancel(idle, queued)
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")


def test_a_cancelled_job_is_cancelled_in_the_engine(idle, queued):
    cancel(idle, queued)
    assert idle.app.state.services.engine.cancelled[-1] == queued


@pytest.mark.parametrize(
    "how", [cancel, lambda client, job: attempt(client.app.state.services.stores, job)]
)
def test_a_finished_job_cannot_be_cancelled(idle, queued, how):
    how(idle, queued)
    assert cancel(idle, queued).status_code == 409


def test_the_version_of_a_cancelled_job_has_failed(idle, queued, name):
    cancel(idle, queued)
    assert first_version(idle, name)["state"] == "failed"


def test_the_name_of_a_cancelled_fit_can_be_used_again(idle, stores, queued, name):
    cancel(idle, queued)
    attempt(stores, submit(idle, name))
    assert idle.get(f"/v1/models/{name}/versions/production").json()["version"] == 2


def test_a_cancelled_job_is_never_started(idle, stores, queued):
    cancel(idle, queued)
    attempt(stores, queued)
    assert show(idle, queued)["attempt"] == 0


def test_a_finished_job_is_never_started_again(idle, stores, queued):
    for _ in range(2):
        attempt(stores, queued)
    assert show(idle, queued)["attempt"] == 1


@pytest.fixture(params=[("tables", "read"), ("artifacts", "save")], ids=" ".join)
def cancelled(idle, stores, queued, request):
    """The model files from before an attempt that was cancelled while it read or saved."""
    store, method = request.param
    before = model_files(idle)
    cancelling = Interrupted(getattr(stores, store), method, lambda: cancel(idle, queued))
    attempt(replace(stores, **{store: cancelling}), queued)
    return before


@pytest.mark.usefixtures("cancelled")
def test_an_attempt_whose_job_was_cancelled_writes_nothing(idle, name):
    version = first_version(idle, name)
    assert (version["state"], version["segments"], version["aliases"], version["artifact"]) == (
        "failed",
        [],
        [],
        None,
    )


def test_an_attempt_whose_job_was_cancelled_leaves_no_file(idle, cancelled):
    assert model_files(idle) == cancelled


@pytest.mark.usefixtures("cancelled")
def test_a_cancelled_job_stays_cancelled(idle, queued):
    assert show(idle, queued)["state"] == "cancelled"


def test_of_two_attempts_at_once_the_later_one_counts(idle, stores, queued, name):
    overtaken = Interrupted(stores.artifacts, "save", lambda: attempt(stores, queued))
    attempt(replace(stores, artifacts=overtaken), queued)
    job, version = show(idle, queued), first_version(idle, name)
    assert (job["state"], job["attempt"], version["state"]) == ("succeeded", 2, "ready")


def test_after_a_superseded_attempt_the_files_are_complete(idle, stores, queued, name):
    overtaken = Interrupted(stores.artifacts, "save", lambda: attempt(stores, queued))
    attempt(replace(stores, artifacts=overtaken), queued)
    assert idle.get(f"/v1/models/{name}/versions/1/artifact").status_code == 200


def test_a_job_fails_after_its_last_attempt_lost_its_worker(idle, stores, queued):
    for _ in range(3):
        with stores.database.writing() as session:
            repository.claim_job(session, queued, worker="lost")
    attempt(stores, queued, max_attempts=3)
    assert "memory" in show(idle, queued)["problem"]["detail"]


def test_a_job_that_lost_all_its_workers_has_its_own_problem_type(idle, stores, queued):
    attempt(stores, queued, max_attempts=0)
    assert show(idle, queued)["problem"]["type"] == "/problems/worker-lost"


def test_an_unexpected_error_of_a_job_does_not_leak_its_message(idle, stores, queued):
    def fail():
        raise RuntimeError("Zanzibar-77")

    attempt(replace(stores, tables=Interrupted(stores.tables, "read", fail)), queued)
    job = show(idle, queued)
    assert (job["state"], job["problem"]["status"], "Zanzibar" in str(job)) == (
        "failed",
        500,
        False,
    )


@pytest.mark.parametrize("what", ["", "/events", "/cancel"])
def test_a_job_that_is_not_there_is_not_found(sampled, what):
    method = "POST" if what == "/cancel" else "GET"
    assert sampled.request(method, f"/v1/jobs/{NOBODY}{what}").status_code == 404


@pytest.fixture
def detached(settings, sample_csv):
    """A service whose engine cannot be reached."""
    with running(settings, engine=AbsentEngine) as client:
        put_csv(client, "sample", sample_csv)
        yield client


def test_without_an_engine_a_fit_is_kept_for_later(detached):
    assert show(detached, submit(detached, "later"))["state"] == "queued"


def test_without_an_engine_a_job_can_be_cancelled(detached):
    assert cancel(detached, submit(detached, "never")).json()["state"] == "cancelled"


def test_an_unfinished_job_of_an_earlier_process_is_resumed(settings, sample_csv):
    with running(settings, engine=IdleEngine) as before:
        put_csv(before, "sample", sample_csv)
        job = submit(before, "left")
    with running(settings) as after:
        assert eventually(lambda: show(after, job)["state"] == "succeeded", within=60)


class Slow(IdleEngine):
    """An engine with a slow capacity call, which records whether closing awaited that call."""

    def __init__(self, *given, **asked) -> None:
        super().__init__(*given, **asked)
        self.asked, self.answered, self.waited_for = Event(), False, False

    def slots(self) -> int:
        self.asked.set()
        time.sleep(0.3)
        self.answered = True
        return 1

    def close(self) -> None:
        self.waited_for = self.answered
        super().close()


def test_an_app_that_stops_waits_for_users_of_its_database(settings):
    with running(settings, engine=Slow) as client:
        engine = client.app.state.services.engine
        assert engine.asked.wait(10)
    assert engine.waited_for
