"""Parsing of single cells: numbers, categories and identifiers, by one rule for all formats."""

import math
import re
from collections.abc import Sequence
from types import NoneType
from typing import Final

MAX_IDENTIFIER_LENGTH: Final = 256
MAX_HEADER_LENGTH: Final = 1000
# Larger whole floats may stand for several integers.
EXACT_INTEGERS: Final = 2**53
BOOLEANS: Final = frozenset({"True", "TRUE", "False", "FALSE"})
# A number as an id, as software writes it that holds ids as floats: 17850.0 for 17850.
DECIMAL_ID: Final = r"(?:0|-?[1-9][0-9]{0,15})\.[0-9]+"

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE_WITH_ZERO_FRACTION = re.compile(r"([+-]?[0-9]+)\.0+")
_DECIMAL_ID = re.compile(DECIMAL_ID)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_PATHS: Final = frozenset({".", ".."})
_MAX_INTEGER: Final = 10**MAX_IDENTIFIER_LENGTH


class BadCell(ValueError):
    """A cell breaks the rule; the message names the fault, and never repeats the value."""


def number(cell: object) -> float | None:
    """Read a numeric cell.

    Parameters
    ----------
    cell
        A finite int or float, a decimal string such as ``"12"``, ``" 12.5 "`` or ``"-1e3"``, or
        nothing.

    Returns
    -------
    float or None
        None where the cell is missing: None, empty or blank.

    Raises
    ------
    BadCell
        For a boolean, NaN, an infinity, any other text and any other type.
    """
    if cell is None:
        return None
    if isinstance(cell, bool):
        raise BadCell("is a boolean, not a number")
    if isinstance(cell, int | float):
        return _finite(cell)
    if isinstance(cell, str):
        return _decimal(cell.strip())
    raise BadCell("is not a number")


def category(cell: object) -> str | None:
    """Read a categorical cell as canonical text, so that a category is the same in every format.

    Parameters
    ----------
    cell
        Text, a number (``1.0`` and ``"1.0"`` become ``"1"``), a boolean (``"true"``, ``"false"``;
        the texts ``"True"`` and ``"TRUE"`` are the same), or nothing.

    Returns
    -------
    str or None
        The stripped text; leading zeros stay. None where the cell is missing: None, empty or blank.

    Raises
    ------
    BadCell
        For a list, an object, a number that is not finite, and text that holds a control character
        or half a character.
    """
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return _digits(cell)
    if isinstance(cell, float):
        # Adding zero takes the sign from a negative one.
        return repr(_finite(cell) + 0.0).removesuffix(".0")
    if isinstance(cell, str):
        return _text(cell)
    raise BadCell("is not a text")


def identifier(cell: object) -> str | None:
    """Read a customer id.

    Parameters
    ----------
    cell
        Text, an integer or a whole float below 2^53, or nothing.

    Returns
    -------
    str or None
        The stripped text; of a float the integer that it is. None where the cell is missing: None,
        empty or blank.

    Raises
    ------
    BadCell
        For any other type or float, for ``"."`` and ``".."``, for control characters and beyond 256
        characters.
    """
    if cell is None:
        return None
    text = cell.strip() if isinstance(cell, str) else _digits(_integer(cell))
    if len(text) > MAX_IDENTIFIER_LENGTH:
        raise BadCell(f"is longer than {MAX_IDENTIFIER_LENGTH} characters")
    if _CONTROL.search(text):
        raise BadCell("holds a control character or half a character")
    if text in _PATHS:
        raise BadCell("is a path, not an id")
    return text or None


def identifiers(cells: Sequence[object]) -> list[str | None] | None:
    """Read a column of customer ids at once.

    Parameters
    ----------
    cells
        Cells as `identifier` accepts them.

    Returns
    -------
    list or None
        The ids; None if `identifier` might reject one of them.
    """
    kinds = set(map(type, cells))
    if kinds <= {NoneType}:
        return [None] * len(cells)
    if kinds - {str, int, NoneType}:
        return None
    try:
        texts = ["" if cell is None else str(cell).strip() for cell in cells]
    except ValueError:  # a number with more digits than Python writes
        return None
    if (
        max(map(len, texts)) > MAX_IDENTIFIER_LENGTH
        or not _PATHS.isdisjoint(texts)
        or _CONTROL.search("".join(texts))
    ):
        return None
    return [text or None for text in texts]


def without_zero_fractions(ids: Sequence[str | None]) -> list[str | None]:
    """Read ids such as ``17850.0`` as integers, unless another id has a nonzero fraction."""
    whole = {text: whole for text in ids if text and (whole := integer_id(text)) is not None}
    if any(
        whole.get(text) is None and _DECIMAL_ID.fullmatch(text)
        for text in ids
        if text and "." in text
    ):
        return list(ids)
    return [None if text is None else whole.get(text, text) for text in ids] if whole else list(ids)


def integer_id(text: str) -> str | None:
    """Return the integer that an id such as ``17850.0`` stands for; None for any other id."""
    if not _DECIMAL_ID.fullmatch(text):
        return None
    digits, _, fraction = text.partition(".")
    return digits if not fraction.strip("0") and abs(int(digits)) < EXACT_INTEGERS else None


def is_blank(cell: object) -> bool:
    """Check whether a cell is missing: None, empty or blank."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _integer(cell: object) -> int:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT_INTEGERS:
        return int(cell)
    if isinstance(cell, bool) or not isinstance(cell, int):
        raise BadCell("is not a string or an integer")
    return cell


def _finite(cell: float) -> float:
    try:
        value = float(cell)
    except OverflowError:
        raise BadCell("is too large for a number") from None
    if not math.isfinite(value):
        raise BadCell("is not a finite number")
    return value


def _decimal(text: str) -> float | None:
    if not text:
        return None
    if not _DECIMAL.fullmatch(text):
        raise BadCell("is not a number")
    value = float(text)
    if math.isinf(value):
        raise BadCell("is too large for a number")
    return value


def _digits(cell: int) -> str:
    if abs(cell) >= _MAX_INTEGER:
        raise BadCell(f"has more than {MAX_IDENTIFIER_LENGTH} digits")
    return str(cell)


def _text(cell: str) -> str | None:
    if _CONTROL_IN_TEXT.search(cell):
        raise BadCell("holds a control character or half a character")
    text = cell.strip()
    if text in BOOLEANS:
        return text.lower()
    whole = _WHOLE_WITH_ZERO_FRACTION.fullmatch(text)
    return (whole[1] if whole else text) or None
