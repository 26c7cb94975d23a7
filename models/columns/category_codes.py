"""Detection of codes among numbers.

Zip codes, phone numbers, plans such as 1E1, categories from 1 to n.
"""

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
from models.columns.override_hints import override_json

MAX_CODES: Final = 12
MIN_ROWS_PER_CODE: Final = 10
SAMPLE: Final = 1000
MIN_LEADING_ZEROS: Final = 0.01
MIN_SHARE: Final = 0.9
MIN_PHONE_DIGITS: Final = 7
MIN_PHONE: Final = 10 ** (MIN_PHONE_DIGITS - 1)
MIN_GROUPED_DIGITS: Final = 9
MIN_LONG: Final = 10**16

_READ_AS: Final[Mapping[Kind, str]] = {
    "categorical": ", and is read as categories",
    "identifier": ": it names rows, and is no feature",
    "ignored": " of too many different values for categories, and is ignored",
}
_ZERO_LED: Final = r"^\s*0[0-9]+\s*$"
_DIGITS: Final = r"^\s*[0-9]*\s*$"
# Software writes an exponent with its sign, or after a decimal point; a code such as 1E1 has
# neither.
_BARE_EXPONENT: Final = r"^\s*[0-9]{1,3}[eE][0-9]{1,2}\s*$"
_PHONE: Final = r"^\s*\+?[0-9][0-9 ]*[0-9]\s*$"


def are_codes(column: pa.ChunkedArray, name: str) -> bool:
    """Check whether numbers are written like codes.

    With leading zeros, as ``1E1``, or as phone numbers.
    """
    if not pa.types.is_string(column.type):
        return False
    if _have_leading_zeros(column, name):
        return True
    head = pa.array(column[:SAMPLE].drop_null().combine_chunks())
    if len(head) > 0 and _matches(head, _BARE_EXPONENT).mean() >= MIN_SHARE:
        return True
    # Phone numbers have equally many digits, and begin with a plus or are grouped by spaces.
    if not len(head) or is_amount_header(name) or not _matches(head, _PHONE).all():
        return False
    marked = mask(pc.match_substring(pc.utf8_trim_whitespace(head), " ")) | mask(
        pc.starts_with(head, pattern="+")
    )
    lengths = pc.utf8_length(pc.replace_substring_regex(head, r"[^0-9]", "")).to_numpy()
    min_digits = MIN_PHONE_DIGITS if is_phone_header(name) else MIN_GROUPED_DIGITS
    return bool(marked.all() and lengths.min() == lengths.max() >= min_digits)


def have_code_header(evidence: NumericColumn) -> bool:
    """Check whether a column of whole numbers has the header of a code, such as ``zip``."""
    if not is_code_header(evidence.name) or not evidence.distinct:
        return False
    if evidence.are_flags or not are_whole(evidence.known):
        return False
    if find_key(evidence) or find_serial(evidence.name, evidence.known):
        return False
    return not is_phone_header(evidence.name) or bool(np.median(evidence.known) >= MIN_PHONE)


def have_many_digits(evidence: NumericColumn) -> bool:
    """Check for whole numbers of 17 digits and more: different ones may be the same float64."""
    if not evidence.distinct or max(-evidence.known[0], evidence.known[-1]) < MIN_LONG:
        return False
    if is_amount_header(evidence.name) or not are_whole(evidence.known):
        return False
    is_long = bool((np.abs(evidence.known) >= MIN_LONG).mean() >= MIN_SHARE)
    return is_long and (evidence.distinct == 1 or not find_serial(evidence.name, evidence.known))


def codes_warning(name: str, kind: Kind) -> str:
    """Build the warning for a column of numbers that is read as codes."""
    return (
        f"{name!r} looks like codes rather than amounts{_READ_AS[kind]}. If they are amounts, "
        f"declare it numeric: {override_json(name, kind='numeric')}"
    )


def category_codes_warning(name: str, known: npt.NDArray[np.float64]) -> str | None:
    """Warn of a numeric column that may hold category codes.

    Codes are 1, 2, … up to at most 12, each in ten rows on average; a column that contains 0 holds
    counts.

    Parameters
    ----------
    name
        The column's header.
    known
        Its known cells in ascending order, at least one.

    Returns
    -------
    str or None
        The warning; None if the column does not look like codes.
    """
    n_codes = int(known[-1]) if 1 < known[-1] <= MAX_CODES else 0
    if (
        not n_codes
        or len(known) < MIN_ROWS_PER_CODE * n_codes
        or not _contains_each_code(known, range(1, n_codes + 1))
    ):
        return None
    return (
        f"{name!r} holds only {n_codes} different whole numbers. If they are codes rather than "
        f"amounts, declare it categorical: {override_json(name, kind='categorical')}"
    )


def _contains_each_code(known: npt.NDArray[np.float64], codes: Sequence[int]) -> bool:
    counts = np.searchsorted(known, codes, "right") - np.searchsorted(known, codes, "left")
    return bool(counts.all()) and int(counts.sum()) == len(known)


def _have_leading_zeros(column: pa.ChunkedArray, name: str) -> bool:
    """Check for digits after a leading zero.

    In 1 % of the cells, in cells of equal length, or under a key's header.
    """
    zero_led = pc.starts_with(column, pattern="0")
    if not _matches(column.take(pc.indices_nonzero(zero_led)[:SAMPLE]), _ZERO_LED).any():
        return False
    if not _matches(column, _DIGITS, null=True).all():
        return False
    lengths = pc.utf8_length(column.filter(pc.not_equal(column, "")))
    zeros = _matches(column.filter(zero_led), _ZERO_LED)
    is_one_length = pc.min(lengths).as_py() == pc.max(lengths).as_py()
    return (
        is_one_length
        or is_key_header(name)
        or bool(zeros.sum() >= MIN_LEADING_ZEROS * len(lengths))
    )


def _matches(texts: pa.Array, pattern: str, *, null: bool = False) -> Mask:
    found = pc.match_substring_regex(texts, pattern).fill_null(null)
    return mask(found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found)
