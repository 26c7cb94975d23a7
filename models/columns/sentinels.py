"""Sentinel detection: warns of cells that may stand for missing values, and replaces none."""

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
from models.columns.override_hints import override_json
from models.statistics import INNER_FENCE, fences

NUMBERS: Final = (-1, -9, -99, -999, -9999, 99, 999, 9999, 99999, 999999, 9999999)
WORDS: Final = (
    *(
        "unknown",
        "n/a",
        "#n/a",
        "na",
        "n.a.",
        "nan",
        "null",
        "none",
        "nil",
        "missing",
        "not available",
    ),
    *("not applicable", "undefined", "-", "--", "?", "."),
    # Errors of spreadsheets, in English and German.
    *("#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!"),
    *("#nv", "#bezug!", "#wert!", "#zahl!"),
)
MIN_ROWS: Final = 2
MIN_FREQUENT_ROWS: Final = 5
MIN_SHARE: Final = 0.01
MIN_GAP: Final = 0.25  # in interquartile ranges, as the next
MIN_GAP_OF_ZERO: Final = 0.5
MIN_OTHERS: Final = 10  # distinct values; among fewer, an extreme one is not unusual
MIN_SPIKE_RATIO: Final = 3  # to the frequency of any other value
MAX_NAMED: Final = 10

_AGE = re.compile(r"(?:^|[\W_])age(?:$|[\W_])|(?-i:[a-z]Age(?![a-z]))", re.IGNORECASE)

_Numbers = npt.NDArray[np.float64]


def find_numeric_sentinels(name: str, known: _Numbers) -> str | None:
    """Warn of numbers in a column that may stand for a missing value.

    A number of a fixed list (-1, 999 and the like, and 0 under a header of ages) is reported if it
    is frequent (five rows, or two rows that are 1 % of all) and isolated: negative among
    non-negative values; or 0.25 IQR outside the range of all others (1.5 IQR from any other if
    inside it) and, except for 0, 1.5 IQR beyond the quartiles (Tukey, 1977).

    The minimum and the maximum are reported, even if not listed, if at least five rows and 1 % of
    all share the value, there are ten other distinct values, and the nearest is one IQR away; 0.25
    IQR (0.5 IQR for 0) is enough if the value is three times as frequent as any other.

    Parameters
    ----------
    name
        The column's header.
    known
        Its known cells in ascending order.

    Returns
    -------
    str or None
        The warning; None without such numbers.
    """
    listed = (0, *NUMBERS) if _AGE.search(name) else NUMBERS
    counts = {number: _count(known, number) for number in listed}
    often = {number: count for number, count in counts.items() if _is_frequent(count, len(known))}
    others = known[~np.isin(known, list(often))] if often else known
    apart: dict[float, int] = {
        number: count
        for number, count in often.items()
        if len(others) and _is_far_from_rest(number, others)
    }
    left = known[~np.isin(known, list(apart))] if apart else known
    apart |= {number: count for number, count in _find_isolated_ends(left) if number not in apart}
    named = [(f"{number:.15g}", count) for number, count in apart.items()]
    return _warning(name, named, "far from all other numbers")


def find_text_sentinels(name: str, found: DistinctCells) -> str | None:
    """Warn of texts in a column that may stand for a missing value.

    Only words of a fixed list are reported.
    """
    chosen = contains_sentinels(found.values)
    counts: Counter[str] = Counter()
    for word, count in zip(
        found.values.filter(pa.array(chosen)).to_pylist(),
        found.counts()[chosen].tolist(),
        strict=True,
    ):
        counts[word.strip()] += count
    return _warning(name, counts.most_common(MAX_NAMED))


def find_date_sentinels(name: str, found: DistinctCells, days: pa.Array) -> str | None:
    """Warn of dates in a column that may stand for a missing value, such as 1900-01-01.

    Only the earliest and the latest date are reported, by the rule of `find_numeric_sentinels` for
    the minimum and the maximum.

    Parameters
    ----------
    name
        The column's header.
    found
        Its distinct cells.
    days
        Their days since 1970-01-01; null where a cell is missing.

    Returns
    -------
    str or None
        The warning; None without such dates.
    """
    known = np.sort(found.decode(days).drop_null().to_numpy())
    apart = pa.array([day for day, _ in _find_isolated_ends(known)], pa.float64())
    chosen = mask(pc.is_in(days, apart))
    written = zip(
        found.values.filter(pa.array(chosen)).to_pylist(),
        found.counts()[chosen].tolist(),
        strict=True,
    )
    named = [(cell if isinstance(cell, str) else f"{cell:.15g}", count) for cell, count in written]
    return _warning(name, named[:MAX_NAMED], "far from all other dates")


def contains_sentinels(texts: pa.Array) -> Mask:
    """Mark the texts that usually stand for a missing value, ignoring case."""
    return mask(pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), pa.array(WORDS)))


def _count(known: _Numbers, number: float) -> int:
    first, last = np.searchsorted(known, number, "left"), np.searchsorted(known, number, "right")
    return int(last - first)


def _find_isolated_ends(known: _Numbers) -> Iterator[tuple[float, int]]:
    """Yield the minimum and the maximum with their counts if they are frequent and isolated."""
    if not len(known):
        return
    n_low, n_high = _count(known, known[0]), _count(known, known[-1])
    min_count = max(MIN_FREQUENT_ROWS, MIN_SHARE * len(known))
    if min_count <= n_low < len(known) and _is_spike(
        known[n_low] - known[0], n_low, known[n_low:], known[0] == 0
    ):
        yield float(known[0]), n_low
    if min_count <= n_high < len(known) and _is_spike(
        known[-1] - known[-n_high - 1], n_high, known[:-n_high], known[-1] == 0
    ):
        yield float(known[-1]), n_high


def _is_spike(gap: float, count: int, others: _Numbers, is_zero: np.bool_) -> bool:
    """Check whether a value with `count` rows is a spike, `gap` away from the sorted others."""
    low, high = others[[len(others) // 4, 3 * len(others) // 4]]
    if not 0 < (MIN_GAP_OF_ZERO if is_zero else MIN_GAP) * (high - low) <= gap:
        return False
    runs = np.diff(np.flatnonzero(np.diff(others, prepend=np.nan, append=np.nan)))
    return bool(
        len(runs) >= MIN_OTHERS and (gap >= high - low or count >= MIN_SPIKE_RATIO * runs.max())
    )


def _is_frequent(count: int, n_known: int) -> bool:
    return count >= MIN_FREQUENT_ROWS or (count >= MIN_ROWS and count >= MIN_SHARE * n_known)


def _is_far_from_rest(number: float, others: _Numbers) -> bool:
    if number < 0 <= others[0]:
        return True
    low, high = np.quantile(others, [0.25, 0.75])
    spread = (high - low) or (others[-1] - others[0])
    lowest, highest = fences(low, high, INNER_FENCE)
    is_beyond = number == 0 or not lowest <= number <= highest
    is_inside = others[0] <= number <= others[-1]
    min_gap = INNER_FENCE if is_inside else MIN_GAP
    after = int(np.searchsorted(others, number))
    gap = np.abs(others[max(after - 1, 0) : after + 1] - number).min()
    return bool(is_beyond and gap >= min_gap * spread)


def _warning(name: str, found: Sequence[tuple[str, int]], why: str = "") -> str | None:
    if not found:
        return None
    named = " and ".join(_describe_counts(found))
    declared = override_json(name, missing=[text for text, _ in found])
    where = f", {why}" if why else ""
    return (
        f"{name!r} holds {named}{where}. If that stands for a missing value, declare it: {declared}"
    )


def _describe_counts(found: Sequence[tuple[str, int]]) -> Iterator[str]:
    for text, count in found:
        yield f"{text!r} in {count:,} {'row' if count == 1 else 'rows'}"
