"""What was made last is made once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from service.stores.lru_cache import LruCache


@pytest.fixture
def latest():
    return LruCache(capacity=2, size=lambda _: 1)


def test_a_cached_value_is_not_computed_again(latest):
    assert [latest.get("a", lambda: 1), latest.get("a", pytest.fail)] == [1, 1]


def test_concurrent_misses_compute_a_value_once(latest):
    asked, made = Barrier(4), []

    def make():
        made.append(1)
        return len(made)

    def ask(_):
        asked.wait(5)
        return latest.get("a", make)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(4))) == [1, 1, 1, 1]


def test_a_slow_computation_does_not_block_another_key(latest):
    begun, ended = Event(), Event()

    def make():
        begun.set()
        assert ended.wait(5)
        return "slow"

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(latest.get, "slow", make)
        assert begun.wait(5)
        assert latest.get("quick", lambda: "quick") == "quick"
        ended.set()
        assert slow.result(5) == "slow"


def test_a_failed_computation_is_tried_again(latest):
    with pytest.raises(ZeroDivisionError):
        latest.get("a", lambda: 1 / 0)
    assert latest.get("a", lambda: 2) == 2


def test_the_least_recent_entries_are_evicted_first(latest):
    for key in "abac":
        latest.get(key, lambda key=key: key)
    assert latest.get("a", pytest.fail) == "a"
    assert latest.get("b", lambda: "again") == "again"
    large = LruCache(capacity=1, size=len)
    assert large.get("x", lambda: "too large") == large.get("x", pytest.fail)
