"""A client that costs as little as Python allows: the machine is shared with what it measures."""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from bench.rounds import seconds

HEADERS = {"Content-Type": "application/json"}
OK = 200


class Caller:
    """One connection that stays open, and one request that is sent again and again."""

    def __init__(self, url: str, body: object) -> None:
        address = urlsplit(url)
        self._connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
        self._path = address.path
        self._body = json.dumps(body).encode()

    def call(self) -> bytes:
        """Send the request, and read the whole answer."""
        self._connection.request("POST", self._path, self._body, HEADERS)
        answer = self._connection.getresponse()
        read = answer.read()
        if answer.status != OK:
            raise RuntimeError(f"{self._path}: {answer.status} {read[:300]!r}")
        return read

    def answer(self) -> Any:  # noqa: ANN401 - whatever JSON it is
        """Give the answer as data."""
        return json.loads(self.call())


def milliseconds_each(caller: Caller, times: int) -> float:
    """Give the median time of one request, one after the other."""
    return 1000 * median(seconds(caller.call) for _ in range(times))


def requests_per_second(callers: list[Caller], within: float) -> float:
    """Count what several connections get done side by side."""

    def keep_calling(caller: Caller) -> int:
        calls = 0
        while perf_counter() < deadline:
            caller.call()
            calls += 1
        return calls

    start = perf_counter()
    deadline = start + within
    with ThreadPoolExecutor(len(callers)) as pool:
        calls = sum(pool.map(keep_calling, callers))
    return calls / (perf_counter() - start)
