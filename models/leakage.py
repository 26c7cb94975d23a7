"""Target leakage: features that the segments merely reproduce, such as an outcome or an earlier segmentation."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.columns.override_hints import override_json
from models.features import Feature

MAX_VALUES: Final = 20
SAMPLE: Final = 1000
MIN_PREDICTED_SHARE: Final = 0.99
MAX_COMMON_SHARE: Final = 0.95

Labels = NDArray[np.int64]


def find_leaks(table: pd.DataFrame, features: Sequence[Feature], labels: Labels, *, k: int) -> list[str]:
    """Warn of features with few values that the segments predict almost perfectly.

    Parameters
    ----------
    table
        The columns of the features, one row per customer.
    features
        The features of the segmentation.
    labels : shape (n_customers,)
        The segment of each customer, 0 to k - 1; -1 for excluded customers.
    k
        The number of segments.

    Returns
    -------
    list of str
        A warning for each feature with at most twenty values whose most common value per segment is right for 99 % of
        the customers, unless a single value covers 95 % of them.
    """
    return list(_leaks(table, features, labels, k)) if k > 1 else []


def _leaks(table: pd.DataFrame, features: Sequence[Feature], labels: Labels, k: int) -> Iterator[str]:
    for feature in features:
        counts = _contingency(table[feature.name], labels, k)
        if counts is not None and _determine_each_other(counts):
            ignored = override_json(feature.name, kind="ignored")
            yield (
                f"{feature.name!r} has one value in each segment: the segments only repeat it. If it is an outcome, or "
                f"an earlier segmentation, leave it out: {ignored}"
            )


def _contingency(column: pd.Series, labels: Labels, k: int) -> NDArray[np.int64] | None:
    """Count the customers of each segment and value; None for a column with many values."""
    if column.iloc[:SAMPLE].nunique() > MAX_VALUES:
        return None
    codes, values = pd.factorize(column)
    if not 1 < len(values) <= MAX_VALUES:
        return None
    known = (codes >= 0) & (labels >= 0)
    counts = np.bincount(labels[known] * len(values) + codes[known], minlength=k * len(values))
    return counts.reshape(k, len(values)).astype(np.int64)


def _determine_each_other(counts: NDArray[np.int64]) -> bool:
    predicted, common, n = counts.max(axis=1).sum(), counts.sum(axis=0).max(), counts.sum()
    return bool(predicted >= MIN_PREDICTED_SHARE * n and common < MAX_COMMON_SHARE * n)
