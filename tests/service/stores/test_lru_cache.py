"""What was made last is made once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from service.stores.lru_cache import LruCache


@pytest.fixture
def latest():
    return LruCache(capacity=2, size=lambda _: 1)


def test_what_is_kept_is_not_made_again(latest):
    assert [latest.get("a", lambda: 1), latest.get("a", pytest.fail)] == [1, 1]


def test_what_several_ask_for_at_once_is_made_once(latest):
    asked, made = Barrier(4), []

    def make():
        made.append(1)
        return len(made)

    def ask(_):
        asked.wait(5)
        return latest.get("a", make)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(4))) == [1, 1, 1, 1]


def test_one_that_takes_long_does_not_hold_up_another(latest):
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


def test_what_could_not_be_made_is_tried_again(latest):
    with pytest.raises(ZeroDivisionError):
        latest.get("a", lambda: 1 / 0)
    assert latest.get("a", lambda: 2) == 2


def test_the_oldest_go_first_and_the_newest_stays_however_large(latest):
    for key in "abac":
        latest.get(key, lambda key=key: key)
    assert latest.get("a", pytest.fail) == "a"
    assert latest.get("b", lambda: "again") == "again"
    large = LruCache(capacity=1, size=len)
    assert large.get("x", lambda: "too large") == large.get("x", pytest.fail)
