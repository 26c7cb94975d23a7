"""How a connection is left: who still sends can read the last answer, and who reads nothing holds none open."""

from asyncio import AbstractEventLoop, TimerHandle
from typing import Any, Final

from service.web.write_coalescing import CoalescingTransport

LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 1 << 26


class LingeringTransport:
    """A transport that is left in an orderly way.

    With bytes still on their way to a socket that is closed, TCP throws away what the other side has not read. So an
    answer to whoever still sends is ended first, and what comes is thrown away for a while.
    """

    def __init__(self, transport: CoalescingTransport, loop: AbstractEventLoop, *, answer_seconds: float) -> None:
        self._transport = transport
        self._loop = loop
        self._seconds = answer_seconds
        self._due: TimerHandle | None = None
        self._thrown_away = self._unread = 0
        self.is_lingering = self.in_midst = self._is_stopped = False
        self.write = transport.write

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a transport has
        """Be the transport in all else."""
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Tell whether nothing more is sent."""
        return self.is_lingering or self._transport.is_closing()

    def close(self) -> None:
        """Leave; `in_midst` of a request, not before the other side has seen the answer."""
        if self.is_closing():
            return
        if self.in_midst or self._is_stopped:
            self._linger()
        else:
            self._leave()

    def stop_reading(self) -> None:
        """Read nothing more until `read_on`, even if uvicorn resumes reading."""
        self._is_stopped = True
        self._transport.pause_reading()

    def read_on(self, *, paused: bool) -> None:
        """Read again, unless uvicorn has paused reading."""
        if self._is_stopped:
            self._is_stopped = False
            if not paused:
                self._transport.resume_reading()

    def resume_reading(self) -> None:
        """Read again, unless reading is stopped."""
        if not self._is_stopped:
            self._transport.resume_reading()

    def discard(self, n_bytes: int) -> None:
        """Take no notice of what is sent after the answer, up to a limit."""
        self._thrown_away += n_bytes
        if self._thrown_away > LINGER_BYTES:
            self._leave()

    def start_write_timeout(self) -> None:
        """Give the other side time to read on; how it is left is decided elsewhere."""
        if not self.is_closing():
            self._wait_for_reader()

    def cancel_write_timeout(self) -> None:
        """Wait for nobody who reads."""
        if not self.is_closing():
            self.forget()

    def forget(self) -> None:
        """Wait for nobody any more."""
        if self._due:
            self._due.cancel()
        self._due = None

    def _linger(self) -> None:
        self.forget()
        self.is_lingering, self.write = True, _forget
        self._transport.write_eof()
        self._transport.resume_reading()
        self._due = self._loop.call_later(LINGER_SECONDS, self._leave)

    def _leave(self) -> None:
        self._wait_for_reader()
        self._transport.close()

    def _wait_for_reader(self) -> None:
        self.forget()
        self._unread = self._transport.get_write_buffer_size()
        self._due = self._loop.call_later(self._seconds, self._look)

    def _look(self) -> None:
        if self._transport.get_write_buffer_size() < self._unread:
            self._wait_for_reader()
        else:
            self._transport.abort()


def _forget(data: bytes) -> None:
    """Write nothing: an answer to an earlier request may still be on its way."""
    del data
