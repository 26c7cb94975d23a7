"""How deeply a JSON text is nested, before anybody parses it."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from service.web.formats.faults import UnreadableBody

BLOCK: Final = 1 << 18
_MARKS: Final = b'"[{]}'
_OTHERS: Final = bytes(set(range(256)) - set(_MARKS))
_QUOTE, *_BRACKETS = _MARKS
_STEPS: Final = dict(zip(_BRACKETS, (1, 1, -1, -1), strict=True))
_STEP_OF: Final = np.array([_STEPS.get(byte, 0) for byte in range(256)], np.int8)


def check_depth(document: bytes | bytearray, most: int) -> None:
    """Refuse a document that is nested deeper than this, in linear time whatever it holds."""
    if document.count(b"[") + document.count(b"{") <= most:
        return
    depth, in_text = 0, False
    for marks in _marks(document):
        quotes = marks == _QUOTE
        texts = np.logical_xor.accumulate(quotes) ^ in_text
        depths = np.cumsum(np.where(texts, 0, _STEP_OF[marks]), dtype=np.int64) + depth
        if depths.max(initial=0) > most:
            raise UnreadableBody(f"The body is nested deeper than {most} levels")
        if marks.size:
            depth, in_text = int(depths[-1]), bool(texts[-1])


def _marks(document: bytes | bytearray) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the quotes and brackets of a document in their order, but no quote that is escaped."""
    rest = b""
    for start in range(0, len(document), BLOCK):
        block = (rest + document[start : start + BLOCK]).replace(rb"\\", b"").replace(rb"\"", b"")
        rest = b"\\" if block.endswith(b"\\") else b""  # what it escapes is in the next block
        yield np.frombuffer(block.translate(None, _OTHERS), np.uint8)
