"""An answer that is there as a whole, for whoever sends it: ASGI, or the connection itself."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from starlette.types import Scope, Send

OK: Final = 200


class Reply(NamedTuple):
    """What is answered to a request that went well."""

    headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    def bytes(self, further: Sequence[tuple[bytes, bytes]]) -> bytes:
        """Write it as HTTP does."""
        lines = [b"%b: %b\r\n" % header for header in (*further, *self.headers)]
        return b"".join([b"HTTP/1.1 200 OK\r\n", *lines, b"\r\n", self.body])

    async def send(self, send: Send) -> None:
        """Send it as ASGI does."""
        await send({"type": "http.response.start", "status": OK, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


Ask = Callable[[bytes], Reply | None]
"""What one head asks, of any body: it holds what can be told from the head alone, as heads come again."""

AtOnce = Callable[[Scope], Ask | None]
