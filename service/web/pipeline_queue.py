"""Fair queue of pipelined requests.

One starts per iteration of the event loop, shared by all connections.
"""

from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable

Start = Callable[[], None]


class PipelineQueue:
    """FIFO queue, over all connections, of pipelined requests with answered predecessors."""

    def __init__(self) -> None:
        self._waiting: deque[Start] = deque()

    def put(self, start: Start, loop: AbstractEventLoop) -> None:
        """Start a request in a later iteration of the event loop."""
        self._waiting.append(start)
        if len(self._waiting) == 1:
            loop.call_soon(self._start_next, loop)

    def _start_next(self, loop: AbstractEventLoop) -> None:
        start = self._waiting.popleft()
        if self._waiting:
            loop.call_soon(self._start_next, loop)
        start()
