"""One look at a job serves all who follow it, and nobody follows for longer than they may."""

import asyncio
import time
from contextlib import contextmanager

import httpx
import pytest

from service.app import create_app
from service.auth.operations import create_key, revoke_key
from service.engine.job_events import JobNotifier
from service.errors import NotFound, TooManyFollowers
from service.jobs import repository
from service.jobs.job_streams import POLL_SECONDS, JobStreams
from service.jobs.operations import create_job
from service.stores import open_stores
from tests.support.fakes import IdleEngine, Interrupted
from tests.support.steps import listening, port_of
from tests.support.waiting import eventually

N_FOLLOWERS = 300
ROOM = 2


@pytest.fixture
def stores(settings):
    stores = open_stores(settings)
    stores.database.migrate()
    yield stores
    stores.database.close()


@pytest.fixture
def job(stores) -> str:
    """A job that waits for ever."""
    with stores.database.writing() as session:
        return create_job(session, "default", "fit", {}).id


async def always() -> bool:
    return True


async def last_state(feeds, job) -> str:
    """Follow a job to its end."""
    with feeds.follow(job) as feed:
        return [row.state async for row in feed.rows(always)][-1]


def cancel(stores, job) -> None:
    with stores.database.writing() as session:
        assert repository.cancel_job(session, job)


def test_a_job_is_looked_at_as_often_for_many_followers_as_for_one(stores, job):
    looks = []
    database = Interrupted(stores.database, "reading", lambda: looks.append(time.monotonic()))

    async def follow() -> list[str]:
        feeds = JobStreams(database, JobNotifier(), max_followers=N_FOLLOWERS)
        followers = asyncio.gather(*(last_state(feeds, job) for _ in range(N_FOLLOWERS)))
        await asyncio.sleep(4 * POLL_SECONDS)
        await asyncio.to_thread(cancel, stores, job)
        return await followers

    assert asyncio.run(follow()) == ["cancelled"] * N_FOLLOWERS
    assert len(looks) <= 2 + (looks[-1] - looks[0]) / POLL_SECONDS


def test_a_job_without_followers_is_no_longer_polled(stores, job):
    looks = []
    database = Interrupted(stores.database, "reading", lambda: looks.append("look"))

    async def leave() -> int:
        feeds = JobStreams(database, JobNotifier(), max_followers=1)
        with feeds.follow(job) as feed:
            await feed.after(None)
        looked = len(looks)
        await asyncio.sleep(3 * POLL_SECONDS)
        return len(looks) - looked

    assert asyncio.run(leave()) == 0


def test_a_notified_job_is_read_at_once(stores, job):
    async def wait() -> str:
        endings = JobNotifier()
        feeds = JobStreams(stores.database, endings, max_followers=1, poll_seconds=3600)
        waiting = asyncio.ensure_future(feeds.wait_for(job, seconds=60))
        await asyncio.to_thread(cancel, stores, job)
        while not waiting.done():
            endings.notify(job)
            await asyncio.sleep(0.01)
        return waiting.result().state

    assert asyncio.run(asyncio.wait_for(wait(), 60)) == "cancelled"


def test_a_wait_that_times_out_returns_the_current_job(stores, job):
    feeds = JobStreams(stores.database, JobNotifier(), max_followers=1)
    assert asyncio.run(feeds.wait_for(job, seconds=0)).state == "queued"


def test_all_followers_of_an_absent_job_get_not_found(stores):
    async def follow() -> list[object]:
        feeds = JobStreams(stores.database, JobNotifier(), max_followers=3)
        return await asyncio.gather(
            *(last_state(feeds, "missing") for _ in range(3)), return_exceptions=True
        )

    assert [type(error) for error in asyncio.run(follow())] == [NotFound] * 3


def test_one_more_follower_than_there_is_room_for_is_refused_until_one_has_left(stores, job):
    async def follow() -> None:
        feeds = JobStreams(stores.database, JobNotifier(), max_followers=1)
        with feeds.follow(job), pytest.raises(TooManyFollowers), feeds.follow(job):
            pass
        with feeds.follow(job):
            pass

    asyncio.run(follow())


@pytest.fixture
def url(settings, stores):
    """The address of a service whose jobs never begin, with room for few followers."""
    app = create_app(settings.model_copy(update={"job_followers": ROOM}), engine=IdleEngine(stores))
    with listening(app, timeout_graceful_shutdown=1) as server:
        yield f"http://127.0.0.1:{port_of(server)}"


@contextmanager
def following(url, job, key):
    """Follow a job over HTTP, up to its first event."""
    address = f"{url}/v1/jobs/{job}/events"
    with httpx.stream(
        "GET", address, headers={"Authorization": f"Bearer {key}"}, timeout=60
    ) as answer:
        lines = answer.iter_lines()
        if answer.is_success:
            next(line for line in lines if line.startswith("data:"))
        yield answer, lines


def status_of(url, job, key) -> int:
    with following(url, job, key) as (answer, _):
        return answer.status_code


def test_a_stream_ends_when_its_key_is_revoked(url, stores, job):
    key, row = create_key(stores.database, tenant="default", name="reader", scope="read")
    with following(url, job, key) as (_, lines):
        revoke_key(stores.database, row.id)
        assert [line for line in lines if line.startswith("data:")] == []


def test_too_many_followers_are_refused_over_http_with_retry_after(url, stores, job):
    key, _ = create_key(stores.database, tenant="default", name="reader", scope="read")
    with (
        following(url, job, key),
        following(url, job, key),
        following(url, job, key) as (refused, _),
    ):
        assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (503, True)


def test_a_disconnected_follower_frees_its_slot(url, stores, job):
    key, _ = create_key(stores.database, tenant="default", name="reader", scope="read")
    with following(url, job, key):
        for _ in range(ROOM):
            assert eventually(lambda: status_of(url, job, key) == httpx.codes.OK, within=30)
