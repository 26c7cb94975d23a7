"""Detection of numeric keys: running numbers and opaque ids, which measure nothing."""

from typing import Final

import numpy as np
import numpy.typing as npt

from models.columns.column_stats import NumericColumn, TextColumn
from models.columns.headers import id_rank, is_amount_header, is_code_header, is_key_header
from models.columns.override_hints import override_json

KEY: Final = "key"
RUNNING, OPAQUE = KEYS_BY_LOOK = ("running numbers", "opaque numbers")
SAMPLE: Final = 1000
MIN_ROWS: Final = 30
MIN_ROWS_FOR_REPEAT: Final = 5
MAX_REPEATED_SHARE: Final = 0.05
MIN_STEADY_SHARE: Final = 0.9
MIN_EXPECTED_PAIRS: Final = 10  # of equal numbers, if they were random
MIN_OPAQUE_DIGITS: Final = 7  # shorter numbers are often amounts or counts
# 1 % critical value of the Kolmogorov-Smirnov distance, times the root of the sample size.
UNIFORM_CRITICAL: Final = 1.63

_Numbers = npt.NDArray[np.float64]


def find_key(evidence: NumericColumn) -> str | None:
    """Check whether a numeric column is a key of its rows, and return the reason.

    Whole numbers are a key under the header of a customer id and, if at least half of them are
    distinct, under any header of a key. Otherwise they are one if at most 5 % repeat an earlier
    value and they also are running numbers (constant step, or far fewer duplicates than random
    values would have) or opaque numbers (uniform within one range of at least seven digits).
    Headers of amounts and tables of fewer than thirty rows are excluded.

    Returns
    -------
    str or None
        ``"key"`` by the header, else ``"running numbers"`` or ``"opaque numbers"``; None if it is
        not a key.
    """
    known = evidence.known
    if not are_whole(known):
        return None
    if id_rank(evidence.name) is not None or (
        is_key_header(evidence.name) and _has_many_distinct(evidence)
    ):
        return KEY
    if known.size < MIN_ROWS or is_amount_header(evidence.name) or not is_almost_unique(evidence):
        return None
    return RUNNING if _are_running(known) else OPAQUE if _are_uniform(known) else None


def is_almost_unique(evidence: NumericColumn | TextColumn) -> bool:
    """Check whether at most 5 % of the known cells (one of five or more) repeat an earlier one."""
    n_known = evidence.n_rows - evidence.missing
    return n_known - evidence.distinct <= max(
        MAX_REPEATED_SHARE * n_known, n_known >= MIN_ROWS_FOR_REPEAT
    )


def are_whole(known: _Numbers) -> bool:
    """Check whether all numbers are whole, a first sample before the rest."""
    return all(bool((np.rint(part) == part).all()) for part in (known[:SAMPLE], known))


def key_warning(name: str) -> str:
    """Build the warning for a numeric column that is treated as a key."""
    return (
        f"{name!r} looks like a key or a running number: it names rows, measures nothing, and is "
        "no feature. If it is "
        f"an amount, declare it numeric: {override_json(name, kind='numeric')}"
    )


def text_key_warning(name: str) -> str:
    """Build the warning for a column of texts that is treated as a key."""
    return (
        f"{name!r} looks like the id of a customer: it names rows, measures nothing, and is no "
        f"feature. If it is a category, declare it: {override_json(name, kind='categorical')}"
    )


def _has_many_distinct(evidence: NumericColumn) -> bool:
    """Check whether half of the known numbers are distinct.

    For codes, which may repeat, nearly all.
    """
    n_known = evidence.n_rows - evidence.missing
    is_half = (
        n_known >= MIN_ROWS
        and evidence.distinct >= n_known / 2
        and not is_code_header(evidence.name)
    )
    return is_half or is_almost_unique(evidence)


def _are_running(known: _Numbers) -> bool:
    """Check for a constant step, or for far fewer duplicates than random numbers would have.

    By the birthday problem, about n² / 2r pairs among n customers share one of r possible numbers.
    """
    steps = np.diff(known)
    step = np.median(steps)
    expected_pairs = known.size**2 / (2 * (known[-1] - known[0] + 1))
    n_pairs = np.count_nonzero(steps == 0)
    is_dense = (
        expected_pairs >= MIN_EXPECTED_PAIRS and n_pairs <= MAX_REPEATED_SHARE * expected_pairs
    )
    return bool(is_dense or (step > 0 and (steps == step).mean() >= MIN_STEADY_SHARE))


def _are_uniform(known: _Numbers) -> bool:
    low, high = known[0], known[-1]
    if low < 10 ** (MIN_OPAQUE_DIGITS - 1) or np.floor(np.log10(low)) != np.floor(np.log10(high)):
        return False
    expected = np.arange(1, known.size + 1) / known.size
    distance = np.abs((known - low) / (high - low) - expected).max()
    return bool(distance <= UNIFORM_CRITICAL / np.sqrt(known.size))
