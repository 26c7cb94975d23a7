"""Writing to a connection in as few calls of the kernel as may be."""

from asyncio import AbstractEventLoop, Transport
from typing import Any, Final

WORTH_JOINING: Final = 1 << 16  # bytes: to copy more costs as much as another call


class CoalescingTransport:
    """A transport that holds an answer's head back until its body follows, if that is in the same turn of the loop."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held = b""
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the transport's own
        """Be the transport in everything else."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write what was held back with this, or hold this back."""
        if self._held and len(data) <= WORTH_JOINING:
            data, self._held = self._held + data, b""
            self._transport.write(data)
        elif len(data) <= WORTH_JOINING:
            self._held = data
            self._loop.call_soon(self.flush)
        else:
            self.flush()
            self._transport.write(data)

    def flush(self) -> None:
        """Write what is held back, if there is still somebody to read it."""
        if self._held and not self.is_closing():
            self._transport.write(self._held)
        self._held = b""

    def write_eof(self) -> None:
        """End what is written, with all that was."""
        self.flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Close after what was written has been read."""
        self.flush()
        self._transport.close()
