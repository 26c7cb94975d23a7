"""Windows of requests per key, in one process and shared."""

from multiprocessing import get_context

import pytest

from service.auth import rate_limit_windows
from service.auth.rate_limit_windows import MAX_KEYS, WINDOW, LocalWindows, SharedWindows, Window


@pytest.fixture(params=["local", "shared"])
def windows(request, tmp_path):
    return LocalWindows() if request.param == "local" else SharedWindows(tmp_path / "windows")


def count_often(path, n):
    windows = SharedWindows(path)
    for _ in range(n):
        windows.count("shop", 1.0)


def test_each_request_of_a_key_is_counted(windows):
    assert [windows.count("shop", 1.0 + n).used for n in range(3)] == [1, 2, 3]


def test_keys_are_counted_apart(windows):
    windows.count("shop", 1.0)
    assert windows.count("crm", 2.0) == Window(2.0, 1)


def test_a_window_ends_after_a_minute(windows):
    windows.count("shop", 1.0)
    found = [windows.count("shop", time) for time in (WINDOW + 0.9, WINDOW + 1.0)]
    assert found == [Window(1.0, 2), Window(WINDOW + 1.0, 1)]


def test_a_window_may_begin_at_time_zero(windows):
    windows.count("shop", 0.0)
    assert windows.count("shop", 1.0) == Window(0.0, 2)


def test_too_many_keys_clear_the_table(windows, monkeypatch):
    monkeypatch.setattr(rate_limit_windows, "MAX_KEYS", 3)
    found = [windows.count(f"key-{n}", 1.0).used for n in (0, 1, 2, 3, 0)]
    assert found == [1] * 5


def test_as_many_keys_as_allowed_are_counted(tmp_path):
    windows = SharedWindows(tmp_path / "windows")
    keys = [f"key-{n}" for n in range(MAX_KEYS)]
    assert [{windows.count(key, 1.0).used for key in keys} for _ in range(2)] == [{1}, {2}]


@pytest.mark.processes
def test_no_request_is_lost_between_processes(tmp_path):
    path = tmp_path / "windows"
    context = get_context("spawn")
    counters = [context.Process(target=count_often, args=(path, 5_000)) for _ in range(2)]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join()
    assert SharedWindows(path).count("shop", 1.0).used == 10_001
