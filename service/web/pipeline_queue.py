"""Pipelined requests, started one in each turn of the event loop: other connections are served in between."""

from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable

Start = Callable[[], None]


class PipelineQueue:
    """Requests of all connections that came in behind others, in the order in which their turn came up."""

    def __init__(self) -> None:
        self._waiting: deque[Start] = deque()

    def put(self, start: Start, loop: AbstractEventLoop) -> None:
        """Start a request in a later turn of the loop."""
        self._waiting.append(start)
        if len(self._waiting) == 1:
            loop.call_soon(self._start_next, loop)

    def _start_next(self, loop: AbstractEventLoop) -> None:
        start = self._waiting.popleft()
        if self._waiting:
            loop.call_soon(self._start_next, loop)
        start()
