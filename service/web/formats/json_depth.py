"""Nesting depth of a JSON text, checked before the text is parsed."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from service.web.formats.errors import UnreadableBody

BLOCK: Final = 1 << 18
_MARKS: Final = b'"[{]}'
_OTHERS: Final = bytes(set(range(256)) - set(_MARKS))
_QUOTE, *_BRACKETS = _MARKS
_STEPS: Final = dict(zip(_BRACKETS, (1, 1, -1, -1), strict=True))
_STEP_OF: Final = np.array([_STEPS.get(byte, 0) for byte in range(256)], np.int8)


def check_depth(document: bytes | bytearray, max_depth: int) -> None:
    """Refuse a document that is nested deeper than `max_depth`, in linear time."""
    if document.count(b"[") + document.count(b"{") > max_depth:
        check_depth_of(
            (document[start : start + BLOCK] for start in range(0, len(document), BLOCK)), max_depth
        )


def check_depth_of(blocks: Iterable[bytes | bytearray], max_depth: int) -> None:
    """Refuse a document, in blocks, that is nested deeper than `max_depth`."""
    depth, in_text = 0, False
    for marks in filter(len, _marks(blocks)):
        quotes = marks == _QUOTE
        texts = np.logical_xor.accumulate(quotes) ^ in_text
        depths = np.cumsum(np.where(texts, 0, _STEP_OF[marks]), dtype=np.int64) + depth
        if depths.max() > max_depth:
            raise UnreadableBody(f"The body is nested deeper than {max_depth} levels")
        depth, in_text = int(depths[-1]), bool(texts[-1])


def _marks(blocks: Iterable[bytes | bytearray]) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the quotes and brackets of a document in their order, but no quote that is escaped."""
    rest = b""
    for block in blocks:
        plain = (rest + block).replace(rb"\\", b"").replace(rb"\"", b"")
        rest = b"\\" if plain.endswith(b"\\") else b""  # what it escapes is in the next block
        yield np.frombuffer(plain.translate(None, _OTHERS), np.uint8)
