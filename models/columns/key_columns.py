"""Numbers that name rows and measure nothing: keys, running numbers, phone numbers."""

from typing import Final

import numpy as np
import numpy.typing as npt

from models.columns.column_stats import NumericColumn, TextColumn
from models.columns.headers import id_rank, is_amount_header, is_code_header, is_key_header
from models.columns.override_hints import propose

KEY: Final = "key"
RUNNING, OPAQUE = KEYS_BY_LOOK = ("running numbers", "opaque numbers")
SAMPLE: Final = 1000
FEWEST_ROWS: Final = 30
FEWEST_FOR_A_REPEAT: Final = 5
REPEATS: Final = 0.05
STEADY: Final = 0.9
SURELY_SHARED: Final = 10
OPAQUE_DIGITS: Final = 7
# The distance of Kolmogorov and Smirnov that chance exceeds once in a hundred, times the root of the sample's size.
UNIFORM: Final = 1.63

_Numbers = npt.NDArray[np.float64]


def find_key(evidence: NumericColumn) -> str | None:
    """Find out why a column of numbers names its rows.

    Whole numbers do under the header of a customer id; and, if half of them are different, under any header of a key.
    Without such a header they do if at most a twentieth repeats an earlier one, and they also run (each is the same
    step above the one before, or by chance far more would be alike), or look drawn by chance from one range of numbers
    with at least seven digits: not where the header says amount, and not in fewer than thirty rows.

    Returns
    -------
    str or None
        ``"key"`` by the header, else ``"running numbers"`` or ``"opaque numbers"``; None if it does not.
    """
    known = evidence.known
    if not are_whole(known):
        return None
    if id_rank(evidence.name) is not None or (is_key_header(evidence.name) and _are_many(evidence)):
        return KEY
    if known.size < FEWEST_ROWS or is_amount_header(evidence.name) or not is_nearly_unique(evidence):
        return None
    return RUNNING if _run(known) else OPAQUE if _are_opaque(known) else None


def is_nearly_unique(evidence: NumericColumn | TextColumn) -> bool:
    """Check whether at most a twentieth of the known cells, or a single one of five or more, repeats an earlier one."""
    n_known = evidence.n_rows - evidence.missing
    return n_known - evidence.distinct <= max(REPEATS * n_known, n_known >= FEWEST_FOR_A_REPEAT)


def are_whole(known: _Numbers) -> bool:
    """Check whether all numbers are whole; the first of them are enough where they are not."""
    return all(bool((np.rint(part) == part).all()) for part in (known[:SAMPLE], known))


def key_doubt(name: str) -> str:
    """Build the sentence on a column of numbers that is taken for a key."""
    return (
        f"{name!r} looks like a key or a running number: it names rows, measures nothing, and is no feature. If it is "
        f"an amount, declare it numeric: {propose(name, kind='numeric')}"
    )


def _are_many(evidence: NumericColumn) -> bool:
    """Check whether half of the known numbers are different; of a code, of which the same may recur, nearly all."""
    n_known = evidence.n_rows - evidence.missing
    is_half = n_known >= FEWEST_ROWS and evidence.distinct >= n_known / 2 and not is_code_header(evidence.name)
    return is_half or is_nearly_unique(evidence)


def _run(known: _Numbers) -> bool:
    """Check for the same step between numbers; or for few repeats, where chance would make at least ten.

    Among n customers and r possible numbers, about n² / 2r pairs of customers share one.
    """
    steps = np.diff(known)
    step = np.median(steps)
    shared = known.size**2 / (2 * (known[-1] - known[0] + 1))
    is_dense = shared >= SURELY_SHARED and np.count_nonzero(steps == 0) <= REPEATS * shared
    return bool(is_dense or (step > 0 and (steps == step).mean() >= STEADY))


def _are_opaque(known: _Numbers) -> bool:
    low, high = known[0], known[-1]
    if low < 10 ** (OPAQUE_DIGITS - 1) or np.floor(np.log10(low)) != np.floor(np.log10(high)):
        return False
    expected = np.arange(1, known.size + 1) / known.size
    distance = np.abs((known - low) / (high - low) - expected).max()
    return bool(distance <= UNIFORM / np.sqrt(known.size))
