"""Text widths estimated without a font, wide enough for most fonts."""

import unicodedata
from typing import Final

_NARROW: Final = frozenset("iljtfrI.,:;'|!()[] ")
_BROAD: Final = frozenset("mwMW@%…")
_EM_NARROW, _EM_USUAL, _EM_CAPITAL, _EM_BROAD, _EM_WIDE = 0.36, 0.60, 0.70, 0.95, 1.05


def width(text: str, size: float) -> float:
    """Estimate the width of a line of text, in the unit of `size`."""
    return size * sum(map(_em_width, text))


def shortened(text: str, size: float, room: float) -> str:
    """Truncate a line of text to a width, with an ellipsis."""
    if width(text, size) <= room:
        return text
    kept = text
    while kept and width(kept + "…", size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Wrap a text to a width; words longer than a line are truncated."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(shortened(word, size, room))
    return lines


def _em_width(letter: str) -> float:
    if letter in _NARROW:
        return _EM_NARROW
    if letter in _BROAD:
        return _EM_BROAD
    if unicodedata.east_asian_width(letter) in "WF":
        return _EM_WIDE
    return _EM_CAPITAL if letter.isupper() else _EM_USUAL
