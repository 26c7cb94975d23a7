import asyncio
from threading import Thread
from time import monotonic

import pytest

from service.engine.job_events import JobNotifier

LONG, SHORT = 30.0, 0.05


def waited(told: str, awaited: str | None, seconds: float) -> float:
    """Tell of one job from another thread, wait for one or any, and say for how long."""

    async def wait() -> float:
        began, endings = monotonic(), JobNotifier()
        with endings.subscribe(awaited) if awaited else endings.subscribe() as ending:
            Thread(target=endings.notify, args=[told]).start()
            await ending.wait(seconds)
        return monotonic() - began

    return asyncio.run(wait())


def test_a_waiter_is_woken_when_its_job_ends():
    assert waited("one", "one", LONG) < LONG


def test_a_waiter_for_any_job_is_woken_by_each():
    assert waited("one", None, LONG) < LONG


def test_a_waiter_is_not_woken_by_another_job():
    assert waited("another", "one", SHORT) >= SHORT


def test_an_ending_is_remembered_until_it_is_waited_for():
    async def wait() -> None:
        endings = JobNotifier()
        with endings.subscribe("one") as ending:
            endings.notify("one")
            await asyncio.wait_for(ending.wait(LONG), LONG / 2)

    asyncio.run(wait())


@pytest.mark.parametrize("turns", range(6))
def test_a_waiter_cancelled_while_it_is_woken_is_cancelled(turns):
    async def cancelled() -> bool:
        endings = JobNotifier()
        with endings.subscribe("one") as ending:
            waiting = asyncio.ensure_future(ending.wait(LONG))
            await asyncio.sleep(0)
            endings.notify("one")
            for _ in range(turns):
                await asyncio.sleep(0)
            was_waiting = waiting.cancel()
            await asyncio.wait([waiting])
        return waiting.cancelled() is was_waiting

    assert asyncio.run(cancelled())
