"""Digits that are codes rather than amounts: zip codes, phone numbers, plans such as 1E1, categories from 1 to n."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.cell_arrays import Mask, mask
from models.columns.column import Kind
from models.columns.column_stats import NumericColumn
from models.columns.headers import is_amount_header, is_code_header, is_key_header, is_phone_header
from models.columns.key_columns import are_whole, find_key
from models.columns.numeric_dates import find_serial
from models.columns.override_hints import propose

MOST_CODES: Final = 12
ROWS_EACH: Final = 10
SAMPLE: Final = 1000
ZERO_SHARE: Final = 0.01
MOST: Final = 0.9
PHONE_DIGITS: Final = 7
FEWEST_PHONE: Final = 10 ** (PHONE_DIGITS - 1)
GROUPED_DIGITS: Final = 9

_READ_AS: Final[Mapping[Kind, str]] = {
    "categorical": ", and is read as categories",
    "identifier": ": it names rows, and is no feature",
    "ignored": " of too many different values for categories, and is ignored",
}
_ZERO_LED: Final = r"^\s*0[0-9]+\s*$"
_DIGITS: Final = r"^\s*[0-9]*\s*$"
# Machines write an exponent with its sign, or a number with a point before it.
_BARE_EXPONENT: Final = r"^\s*[0-9]{1,3}[eE][0-9]{1,2}\s*$"
_PHONE: Final = r"^\s*\+?[0-9][0-9 ]*[0-9]\s*$"


def are_codes(column: pa.ChunkedArray, name: str) -> bool:
    """Check whether numbers are written as codes are: with leading zeros, as ``1E1``, or as phone numbers."""
    if not pa.types.is_string(column.type):
        return False
    head = pa.array(column[:SAMPLE].drop_null().combine_chunks())
    return _have_leading_zeros(column, name) or _have_bare_exponents(head) or _are_phones(head, name)


def hold_codes(evidence: NumericColumn) -> bool:
    """Check whether whole numbers are codes by their header, such as ``zip``, ``store_id`` or ``phone``."""
    if not is_code_header(evidence.name) or evidence.are_flags or not are_whole(evidence.known):
        return False
    if find_key(evidence) or find_serial(evidence.name, evidence.known):
        return False
    return not is_phone_header(evidence.name) or bool(np.median(evidence.known) >= FEWEST_PHONE)


def codes_doubt(name: str, kind: Kind) -> str:
    """Build the sentence on a column of numbers that is taken for codes."""
    return (
        f"{name!r} looks like codes rather than amounts{_READ_AS[kind]}. If they are amounts, declare it numeric: "
        f"{propose(name, kind='numeric')}"
    )


def find_category_codes(name: str, known: npt.NDArray[np.float64]) -> str | None:
    """Say that a column may hold codes: 1, 2, … up to at most 12, each in ten rows on average; counts begin at 0.

    Parameters
    ----------
    name
        The column's header.
    known
        Its known cells in ascending order, at least one.

    Returns
    -------
    str or None
        The sentence that its owner should read.
    """
    n_codes = int(known[-1]) if 1 < known[-1] <= MOST_CODES else 0
    if not n_codes or len(known) < ROWS_EACH * n_codes or not _are_all(known, range(1, n_codes + 1)):
        return None
    return (
        f"{name!r} holds only {n_codes} different whole numbers. If they are codes rather than amounts, declare it "
        f"categorical: {propose(name, kind='categorical')}"
    )


def _are_all(known: npt.NDArray[np.float64], codes: Sequence[int]) -> bool:
    counts = np.searchsorted(known, codes, "right") - np.searchsorted(known, codes, "left")
    return bool(counts.all()) and int(counts.sum()) == len(known)


def _have_leading_zeros(column: pa.ChunkedArray, name: str) -> bool:
    """Check for digits behind a zero: in a hundredth of the cells, in cells of one length, or under a key's header."""
    begin = pc.starts_with(column, pattern="0")
    if not _matches(column.take(pc.indices_nonzero(begin)[:SAMPLE]), _ZERO_LED).any():
        return False
    if not _matches(column, _DIGITS, null=True).all():
        return False
    lengths, zeros = pc.utf8_length(column.filter(pc.not_equal(column, ""))), _matches(column.filter(begin), _ZERO_LED)
    is_one_length = pc.min(lengths).as_py() == pc.max(lengths).as_py()
    return is_one_length or is_key_header(name) or bool(zeros.sum() >= ZERO_SHARE * len(lengths))


def _have_bare_exponents(head: pa.Array) -> bool:
    return len(head) > 0 and bool(_matches(head, _BARE_EXPONENT).mean() >= MOST)


def _are_phones(head: pa.Array, name: str) -> bool:
    """Check for numbers with as many digits each, behind a plus or in groups, as nobody writes amounts."""
    if not len(head) or is_amount_header(name) or not _matches(head, _PHONE).all():
        return False
    marked = mask(pc.match_substring(pc.utf8_trim_whitespace(head), " ")) | mask(pc.starts_with(head, pattern="+"))
    lengths = pc.utf8_length(pc.replace_substring_regex(head, r"[^0-9]", "")).to_numpy()
    fewest = PHONE_DIGITS if is_phone_header(name) else GROUPED_DIGITS
    return bool(marked.all() and lengths.min() == lengths.max() >= fewest)


def _matches(texts: pa.Array, pattern: str, *, null: bool = False) -> Mask:
    found = pc.match_substring_regex(texts, pattern).fill_null(null)
    return mask(found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found)
