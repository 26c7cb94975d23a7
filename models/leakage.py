"""Features that segments only repeat: an earlier segmentation, or an outcome that should be explained."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.columns.override_hints import override_json
from models.features import Feature

MAX_VALUES: Final = 20
SAMPLE: Final = 1000
REPEATED: Final = 0.99
NEARLY_CONSTANT: Final = 0.95

Labels = NDArray[np.int64]


def find_leaks(table: pd.DataFrame, features: Sequence[Feature], labels: Labels, *, k: int) -> list[str]:
    """Find the features of few values of which each segment has only one, so that either predicts the other.

    Parameters
    ----------
    table
        The features of the customers.
    features
        The columns that the segments were learned from.
    labels : shape (n_customers,)
        The segment of each customer, 0 to k - 1; -1 of one who was left out.
    k
        The number of segments.

    Returns
    -------
    list of str
        A sentence for each feature with at most twenty values that its segments tell in 99 % of the customers, and of
        which no value is that of 95 %.
    """
    return list(_leaks(table, features, labels, k)) if k > 1 else []


def _leaks(table: pd.DataFrame, features: Sequence[Feature], labels: Labels, k: int) -> Iterator[str]:
    for feature in features:
        counts = _contingency(table[feature.name], labels, k)
        if counts is not None and _repeats(counts):
            ignored = override_json(feature.name, kind="ignored")
            yield (
                f"{feature.name!r} has one value in each segment: the segments only repeat it. If it is an outcome, or "
                f"an earlier segmentation, leave it out: {ignored}"
            )


def _contingency(column: pd.Series, labels: Labels, k: int) -> NDArray[np.int64] | None:
    """Count the customers of each segment and value; None of a column of many values."""
    if column.iloc[:SAMPLE].nunique() > MAX_VALUES:
        return None
    codes, values = pd.factorize(column)
    if not 1 < len(values) <= MAX_VALUES:
        return None
    known = (codes >= 0) & (labels >= 0)
    counts = np.bincount(labels[known] * len(values) + codes[known], minlength=k * len(values))
    return counts.reshape(k, len(values)).astype(np.int64)


def _repeats(counts: NDArray[np.int64]) -> bool:
    told, common, n = counts.max(axis=1).sum(), counts.sum(axis=0).max(), counts.sum()
    return bool(told >= REPEATED * n and common < NEARLY_CONSTANT * n)
