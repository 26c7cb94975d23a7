"""A TTL cache loads once for all that wait, and forgets in time."""

import asyncio

import pytest

from service.ttl_cache import TtlCache


def cached(load, **changes):
    settings = {"seconds": 60.0, "refresh_seconds": 60.0, "max_entries": 2}
    return TtlCache(load, **settings | changes)


class Loader:
    """A load that counts its calls and answers by a table."""

    def __init__(self, values):
        self.values = values
        self.calls = []

    async def __call__(self, key):
        self.calls.append(key)
        await asyncio.sleep(0)
        value = self.values[key]
        if isinstance(value, Exception):
            raise value
        return value


def test_concurrent_misses_of_one_key_load_it_once():
    load = Loader({"a": 1})

    async def ask_thrice():
        cache = cached(load)
        return await asyncio.gather(*(cache.get("a") for _ in range(3)))

    assert (asyncio.run(ask_thrice()), load.calls) == ([1, 1, 1], ["a"])


@pytest.mark.parametrize(
    ("changes", "n_loads"), [({}, 1), ({"seconds": 0.0}, 2), ({"refresh_seconds": 0.0}, 2)]
)
def test_an_entry_is_loaded_again_when_it_ages(changes, n_loads):
    load = Loader({"a": 1})

    async def ask_twice():
        cache = cached(load, **changes)
        answers = [await cache.get("a") for _ in range(2)]
        await asyncio.sleep(0.01)
        return answers

    assert (asyncio.run(ask_twice()), len(load.calls)) == ([1, 1], n_loads)


def test_an_absent_value_is_not_cached():
    load = Loader({"a": None})

    async def ask_twice():
        cache = cached(load)
        return [await cache.get("a") for _ in range(2)]

    assert (asyncio.run(ask_twice()), len(load.calls)) == ([None, None], 2)


def test_an_error_reaches_every_waiter_and_is_not_cached():
    load = Loader({"a": OSError("gone")})

    async def ask():
        cache = cached(load)
        failed = await asyncio.gather(*(cache.get("a") for _ in range(2)), return_exceptions=True)
        load.values["a"] = 1
        return [type(error) for error in failed], await cache.get("a")

    assert asyncio.run(ask()) == ([OSError, OSError], 1)


def test_a_load_in_progress_is_not_stored_after_clearing():
    load = Loader({"a": 1})

    async def ask():
        cache = cached(load)
        first = asyncio.create_task(cache.get("a"))
        await asyncio.sleep(0)
        cache.clear()
        return await first, cache.get_cached("a")

    assert asyncio.run(ask()) == (1, None)


def test_the_oldest_entry_leaves_a_full_cache():
    load = Loader({"a": 1, "b": 2, "c": 3})

    async def fill():
        cache = cached(load)
        for key in "abc":
            await cache.get(key)
        return [cache.get_cached(key) for key in "abc"]

    assert asyncio.run(fill()) == [None, 2, 3]
