"""Write coalescing: the head and the body of a small response are sent in one system call."""

from asyncio import AbstractEventLoop, Transport
from typing import Any, Final

MAX_COALESCED_BYTES: Final = 1 << 16  # bytes: copying more costs as much as another system call


class CoalescingTransport:
    """Transport that buffers a small write until the next one or the end of the loop iteration."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._buffer = b""
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the wrapped transport
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Join data with the buffered bytes and write both, or buffer it."""
        if self._buffer and len(data) <= MAX_COALESCED_BYTES:
            data, self._buffer = self._buffer + data, b""
            self._transport.write(data)
        elif len(data) <= MAX_COALESCED_BYTES:
            self._buffer = data
            self._loop.call_soon(self.flush)
        else:
            self.flush()
            self._transport.write(data)

    def flush(self) -> None:
        """Write the buffered bytes, unless the transport is closing."""
        if self._buffer and not self.is_closing():
            self._transport.write(self._buffer)
        self._buffer = b""

    def write_eof(self) -> None:
        self.flush()
        self._transport.write_eof()

    def close(self) -> None:
        self.flush()
        self._transport.close()
