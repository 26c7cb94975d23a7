"""asyncio transport with a lingering close and a write timeout."""

from asyncio import AbstractEventLoop, TimerHandle
from typing import Any, Final

from service.web.write_coalescing import CoalescingTransport

LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 1 << 26  # limits the traffic of a client that never stops sending


class LingeringTransport:
    """Transport with a lingering close, as in nginx, and a write timeout.

    Closing a socket that still receives bytes resets the connection, and the client may lose the
    response. After a response to an unfinished request, only the sending side is closed, and
    received bytes are discarded for a while.
    """

    def __init__(
        self, transport: CoalescingTransport, loop: AbstractEventLoop, *, answer_seconds: float
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._answer_seconds = answer_seconds
        self._timer: TimerHandle | None = None
        self._discarded = self._unsent_bytes = 0
        self.is_lingering = self.in_request = self._reading_stopped = False
        self.write = transport.write

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the wrapped transport
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self.is_lingering or self._transport.is_closing()

    def close(self) -> None:
        """Close the connection; with a lingering close while a request is incomplete."""
        if self.is_closing():
            return
        if self.in_request or self._reading_stopped:
            self.cancel_timer()
            self.is_lingering, self.write = True, _discard
            self._transport.write_eof()
            self._transport.resume_reading()
            self._timer = self._loop.call_later(LINGER_SECONDS, self._close)
        else:
            self._close()

    def stop_reading(self) -> None:
        """Pause reading until `restart_reading`, even if uvicorn resumes it."""
        self._reading_stopped = True
        self._transport.pause_reading()

    def restart_reading(self, *, paused: bool) -> None:
        """Undo `stop_reading`; `paused` if uvicorn has paused reading itself."""
        if self._reading_stopped:
            self._reading_stopped = False
            if not paused:
                self._transport.resume_reading()

    def resume_reading(self) -> None:
        """Resume reading, unless `stop_reading` is in effect."""
        if not self._reading_stopped:
            self._transport.resume_reading()

    def discard(self, n_bytes: int) -> None:
        """Count bytes received while lingering, and close at the limit."""
        self._discarded += n_bytes
        if self._discarded > LINGER_BYTES:
            self._close()

    def start_write_timeout(self) -> None:
        """Abort the connection unless the client keeps reading; has no effect while closing."""
        if not self.is_closing():
            self._restart_write_timeout()

    def cancel_write_timeout(self) -> None:
        if not self.is_closing():
            self.cancel_timer()

    def cancel_timer(self) -> None:
        """Cancel the timer of the write timeout or of the lingering close."""
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _close(self) -> None:
        self._restart_write_timeout()
        self._transport.close()

    def _restart_write_timeout(self) -> None:
        self.cancel_timer()
        self._unsent_bytes = self._transport.get_write_buffer_size()
        self._timer = self._loop.call_later(self._answer_seconds, self._on_write_timeout)

    def _on_write_timeout(self) -> None:
        if self._transport.get_write_buffer_size() < self._unsent_bytes:
            self._restart_write_timeout()
        else:
            self._transport.abort()


def _discard(data: bytes) -> None:
    """Drop writes after a lingering close has begun.

    The app may still respond to an earlier request.
    """
    del data
