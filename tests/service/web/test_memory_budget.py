"""The memory that all bodies share."""

import asyncio

import pytest

from service.errors import MemoryBusy
from service.web.memory_budget import MemoryBudget

SECONDS = 0.05


@pytest.fixture
def budget():
    return MemoryBudget(10, seconds=SECONDS)


def granted(budget, n_bytes):
    """Tell whether a share can be taken now."""

    async def take():
        await budget.acquire(n_bytes)
        budget.release(n_bytes)

    try:
        asyncio.run(take())
    except MemoryBusy:
        return False
    return True


def test_one_body_reserves_at_most_half_of_the_memory_budget(budget):
    assert budget.max_share == 5


def test_a_free_share_is_acquired_at_once_and_a_busy_one_times_out(budget):
    async def take_both():
        await budget.acquire(6)
        with pytest.raises(MemoryBusy):
            await budget.acquire(5)

    asyncio.run(take_both())
    assert (granted(budget, 4), granted(budget, 5)) == (True, False)


def test_a_released_share_wakes_the_waiters_whose_shares_fit(budget):
    async def wait():
        await budget.acquire(9)
        waiting = [asyncio.ensure_future(budget.acquire(n_bytes)) for n_bytes in (8, 2, 3)]
        await asyncio.sleep(0)
        budget.release(4)
        return await asyncio.gather(*waiting, return_exceptions=True)

    assert list(map(type, asyncio.run(wait()))) == [MemoryBusy, type(None), type(None)]


@pytest.mark.parametrize("is_given_back", [False, True], ids=["waiting", "just granted"])
def test_a_cancelled_request_holds_no_memory(budget, is_given_back):
    async def cancel():
        await budget.acquire(10)
        waiting = asyncio.ensure_future(budget.acquire(10))
        await asyncio.sleep(0)
        if is_given_back:
            budget.release(10)
        waiting.cancel()
        await asyncio.wait([waiting])
        if not is_given_back:
            budget.release(10)

    asyncio.run(cancel())
    assert granted(budget, 10)
