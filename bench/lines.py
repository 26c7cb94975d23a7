"""A client of bare connections: what it costs itself would count against the fastest server."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, repeat
from statistics import median, quantiles
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import uvloop

OK: Final = b"200"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One request, as it is sent again and again, or each time with an id of its own."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    is_numbered: bool = False

    def requests(self) -> Iterator[bytes]:
        """Give it as HTTP has it, for ever."""
        address = urlsplit(self.url)
        headers = {"Host": address.netloc, "Content-Length": str(len(self.body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        begin, end = f"POST {address.path} HTTP/1.1\r\n{head}".encode(), b"\r\n" + self.body
        if self.is_numbered:
            return (b"%bX-Request-Id: %x\r\n%b" % (begin, number, end) for number in count())
        return repeat(begin + end)


@dataclass
class Volley:
    """What came of many requests: when it began and ended, and how long each took."""

    began: float = field(default_factory=perf_counter)
    ended: float = 0.0
    seconds: list[float] = field(default_factory=list)

    def per_second(self) -> float:
        """Count the answers of a second."""
        return len(self.seconds) / (self.ended - self.began)

    def milliseconds(self) -> float:
        """Give the median time of an answer."""
        return 1000 * median(self.seconds)

    def slowest_percent(self) -> float:
        """Give the milliseconds within which 99 of 100 answers came."""
        return 1000 * quantiles(self.seconds, n=100)[-1]


def fire(shot: Shot, *, connections: int, within: float) -> Volley:
    """Keep some connections busy for a while."""
    return uvloop.run(_fire(shot, connections, within))


def answer_of(shot: Shot) -> bytes:
    """Send a request once, and give the body of its answer."""
    return uvloop.run(_once(shot))


async def _fire(shot: Shot, connections: int, within: float) -> Volley:
    volley = Volley()
    lines = await _connected(shot, volley, connections, volley.began + within)
    await asyncio.gather(*(line.done for line in lines))
    volley.ended = perf_counter()
    return volley


async def _once(shot: Shot) -> bytes:
    [line] = await _connected(shot, Volley(), 1, 0.0)
    return await line.done


async def _connected(
    shot: Shot, volley: Volley, connections: int, until: float
) -> Sequence["_Line"]:
    address, loop = urlsplit(shot.url), asyncio.get_running_loop()
    requests = shot.requests()
    made = [
        await loop.create_connection(
            lambda: _Line(requests, volley, until), address.hostname, address.port
        )
        for _ in range(connections)
    ]
    return [line for _, line in made]


class _Line(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], volley: Volley, until: float) -> None:
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._requests, self._volley, self._until = requests, volley, until
        self._read = bytearray()
        self._whole = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._read += data
        if not self._whole and (end := self._read.find(b"\r\n\r\n")) >= 0:
            self._whole = self._length(end)
        if self._whole and len(self._read) >= self._whole:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("The server hung up"))

    def _length(self, end: int) -> int:
        length = _LENGTH.search(self._read, 0, end)
        if self._read[9:12] != OK or length is None:
            raise RuntimeError(f"Answered {bytes(self._read[:500])!r}")
        return end + 4 + int(length[1])

    def _answered(self) -> None:
        now = perf_counter()
        self._volley.seconds.append(now - self._sent)
        if now < self._until:
            self._send()
        else:
            self.done.set_result(bytes(self._read.partition(b"\r\n\r\n")[2]))
            self._transport.close()

    def _send(self) -> None:
        self._read, self._whole, self._sent = bytearray(), 0, perf_counter()
        self._transport.write(next(self._requests))
