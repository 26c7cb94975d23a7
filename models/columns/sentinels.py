"""Cells that may stand for a missing value: named in warnings, and never taken for missing unasked."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.cell_arrays import Mask, mask
from models.columns.distinct import DistinctCells
from models.columns.override_hints import propose

NUMBERS: Final = (-1, -9, -99, -999, -9999, 99, 999, 9999, 99999, 999999, 9999999)
WORDS: Final = (
    *("unknown", "n/a", "#n/a", "na", "n.a.", "nan", "null", "none", "nil", "missing", "not available"),
    *("not applicable", "undefined", "-", "--", "?", "."),
)
FEWEST: Final = 2
OFTEN: Final = 5
SHARE: Final = 0.01
FENCE: Final = 1.5
GAP: Final = 0.25
GAP_OF_ZERO: Final = 0.5
FEWEST_OTHERS: Final = 10
TALLER: Final = 3
MAX_NAMED: Final = 10

_AGE = re.compile(r"(?:^|[\W_])age(?:$|[\W_])|(?-i:[a-z]Age(?![a-z]))", re.IGNORECASE)

_Numbers = npt.NDArray[np.float64]


def find_numeric_sentinels(name: str, known: _Numbers) -> str | None:
    """Name the numbers of a column that may stand for a missing value.

    One of a fixed list (-1, 999 and the like, and 0 if the header says age) is suspected if it recurs (in five rows, or
    in two that are a hundredth of all) and stands apart: negative where no other value is; or a quarter of the
    interquartile range below or above all others (1.5 such ranges from any, if it is among them), and, but for 0, 1.5
    such ranges beyond the quartiles (Tukey, 1977). The smallest and the largest number are suspected, whatever they
    are, if a hundredth of the rows, and at least five, share it, and it is an interquartile range from the next of at
    least ten others; a quarter of it (of 0, half) is enough if three times as many have it as any other number. What so
    many share is no customer's own value.

    Parameters
    ----------
    name
        The column's header.
    known
        Its known cells in ascending order.

    Returns
    -------
    str or None
        The sentence that its owner should read.
    """
    listed = (0, *NUMBERS) if _AGE.search(name) else NUMBERS
    counts = {number: _count(known, number) for number in listed}
    often = {number: count for number, count in counts.items() if _is_repeated(count, len(known))}
    others = known[~np.isin(known, list(often))] if often else known
    apart: dict[float, int] = {
        number: count for number, count in often.items() if len(others) and _is_far_from_rest(number, others)
    }
    left = known[~np.isin(known, list(apart))] if apart else known
    apart |= {number: count for number, count in _extremes(left) if number not in apart}
    named = [(f"{number:.15g}", count) for number, count in apart.items()]
    return _warning(name, named, "far from all other numbers")


def find_text_sentinels(name: str, found: DistinctCells) -> str | None:
    """Name the texts of a column that may stand for a missing value; only words of a fixed list are ever named."""
    chosen = contains_sentinels(found.values)
    counts: Counter[str] = Counter()
    for word, count in zip(
        found.values.filter(pa.array(chosen)).to_pylist(), found.counts()[chosen].tolist(), strict=True
    ):
        counts[word.strip()] += count
    return _warning(name, counts.most_common(MAX_NAMED))


def contains_sentinels(texts: pa.Array) -> Mask:
    """Find the texts that usually stand for a missing value, in capitals or not."""
    return mask(pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), pa.array(WORDS)))


def _count(known: _Numbers, number: float) -> int:
    first, last = np.searchsorted(known, number, "left"), np.searchsorted(known, number, "right")
    return int(last - first)


def _extremes(known: _Numbers) -> Iterator[tuple[float, int]]:
    """Find the smallest and the largest number, each with its count, where many share it and it stands apart."""
    if not len(known):
        return
    least, fewest = _count(known, known[0]), max(OFTEN, SHARE * len(known))
    most = _count(known, known[-1])
    if fewest <= least < len(known) and _is_spike(known[least] - known[0], least, known[least:], known[0] == 0):
        yield float(known[0]), least
    if fewest <= most < len(known) and _is_spike(known[-1] - known[-most - 1], most, known[:-most], known[-1] == 0):
        yield float(known[-1]), most


def _is_spike(gap: float, count: int, others: _Numbers, is_zero: np.bool_) -> bool:
    """Check whether as many as `count` that share a number are far from the others, which are in ascending order."""
    low, high = others[[len(others) // 4, 3 * len(others) // 4]]
    if not 0 < (GAP_OF_ZERO if is_zero else GAP) * (high - low) <= gap:
        return False
    runs = np.diff(np.flatnonzero(np.diff(others, prepend=np.nan, append=np.nan)))
    return bool(len(runs) >= FEWEST_OTHERS and (gap >= high - low or count >= TALLER * runs.max()))


def _is_repeated(count: int, n_known: int) -> bool:
    return count >= OFTEN or (count >= FEWEST and count >= SHARE * n_known)


def _is_far_from_rest(number: float, others: _Numbers) -> bool:
    if number < 0 <= others[0]:
        return True
    low, high = np.quantile(others, [0.25, 0.75])
    spread = (high - low) or (others[-1] - others[0])
    is_beyond = number == 0 or not low - FENCE * spread <= number <= high + FENCE * spread
    is_outermost = not others[0] <= number <= others[-1]
    return bool(is_beyond and _gap(number, others) >= (GAP if is_outermost else FENCE) * spread)


def _gap(number: float, others: _Numbers) -> float:
    """Measure how far the nearest other value is."""
    after = int(np.searchsorted(others, number))
    return float(np.abs(others[max(after - 1, 0) : after + 1] - number).min())


def _warning(name: str, found: Sequence[tuple[str, int]], why: str = "") -> str | None:
    if not found:
        return None
    named = " and ".join(_named(found))
    declared = propose(name, missing=[text for text, _ in found])
    where = f", {why}" if why else ""
    return f"{name!r} holds {named}{where}. If that stands for a missing value, declare it: {declared}"


def _named(found: Sequence[tuple[str, int]]) -> Iterator[str]:
    for text, count in found:
        yield f"{text!r} in {count:,} {'row' if count == 1 else 'rows'}"
