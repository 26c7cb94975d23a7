"""How deeply a JSON text is nested, before anybody parses it."""

import re
from typing import Final

import numpy as np

from service.web.formats.faults import UnreadableBody

_TEXT: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_OPENING: Final = np.frombuffer(b"[{", np.uint8)
_CLOSING: Final = np.frombuffer(b"]}", np.uint8)


def check_depth(document: bytes | bytearray, most: int) -> None:
    """Refuse a document that is nested deeper than this."""
    if document.count(b"[") + document.count(b"{") > most and _depth(document) > most:
        raise UnreadableBody(f"The body is nested deeper than {most} levels")


def _depth(document: bytes | bytearray) -> int:
    characters = np.frombuffer(_TEXT.sub(b"", document), np.uint8)
    steps = np.isin(characters, _OPENING).astype(np.int32) - np.isin(characters, _CLOSING)
    return int(np.cumsum(steps).max(initial=0))
