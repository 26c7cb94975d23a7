import pytest

from service.web.prefer import DEFAULT_SECONDS, WaitPreference, parse_prefer


@pytest.mark.parametrize(
    "header", [None, "", "return=minimal", "wait=soon", "wait=-1", "wait=1.5", "waiting=3"]
)
def test_without_a_wish_that_is_understood_the_default_holds(header):
    assert parse_prefer(header) == WaitPreference(seconds=DEFAULT_SECONDS, applied=None)


@pytest.mark.parametrize(
    "header", ["wait=7", "WAIT = 7", 'wait="7"', "return=minimal, wait=7", "wait=7, wait=9"]
)
def test_the_first_wait_that_is_understood_holds(header):
    assert parse_prefer(header) == WaitPreference(seconds=7, applied="wait=7")


def test_a_wait_is_limited_to_half_a_minute():
    assert parse_prefer("wait=999999999") == WaitPreference(seconds=30, applied="wait=30")


@pytest.mark.parametrize(
    "header", ["respond-async", "wait=10, respond-async", "Respond-Async, wait=10"]
)
def test_respond_async_does_not_wait(header):
    assert parse_prefer(header) == WaitPreference(seconds=0, applied="respond-async")


def test_not_to_wait_is_a_wait_of_nothing():
    assert parse_prefer("wait=0") == WaitPreference(seconds=0, applied="wait=0")
