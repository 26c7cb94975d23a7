"""Heads that have come before, byte for byte: programs send the same one again and again, and it asks the same."""

from hashlib import sha256
from typing import Final

from service.web.replies import Ask

MOST_HEADS: Final = 1_000
_END: Final = b"\r\n\r\n"


class Repeated:
    """What the heads of whole requests ask; of the heads, which hold keys, only digests are kept."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Ask, int]] = {}

    def find(self, request: bytes) -> tuple[Ask, bytes] | None:
        """Give what a request asks, and its body; None unless it is whole, alone, and its head is known."""
        end = request.find(_END) + len(_END)
        ask, n_bytes = self._known.get(sha256(request[:end]).digest(), (None, 0))
        return (ask, request[end:]) if ask and len(request) - end == n_bytes else None

    def keep(self, request: bytes, n_bytes: int, ask: Ask) -> None:
        """Remember what a request with a body of this size asks, if it came whole and alone."""
        end = request.find(_END) + len(_END)
        if len(request) - end != n_bytes:
            return
        if len(self._known) >= MOST_HEADS:
            self._known.clear()
        self._known[sha256(request[:end]).digest()] = ask, n_bytes
