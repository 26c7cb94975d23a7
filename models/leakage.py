"""Target leakage: features that the segments merely reproduce, such as an outcome."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.columns.override_hints import override_json
from models.features import Feature

MAX_VALUES: Final = 20
SAMPLE: Final = 1000
MIN_PREDICTED_SHARE: Final = 0.99  # of the customers; the rest may be errors of entry
MAX_COMMON_SHARE: Final = 0.95  # of the most common value; beyond, any segments predict it
TAIL: Final = 0.005

Labels = NDArray[np.int64]


def leakage_warnings(
    table: pd.DataFrame, features: Sequence[Feature], labels: Labels, *, k: int
) -> list[str]:
    """Warn of features with few values that predict the segments almost perfectly, or vice versa.

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
        A warning for each feature with at most twenty values whose most common value per segment is
        right for 99 % of the customers, and for each categorical feature whose values predict the
        segments of as many, unless a single value covers 95 % of them. Numeric features that
        predict the segments are exempt: a threshold in an informative number may well do so. There
        is none if thresholds in another numeric feature predict the segments as well.
    """
    return list(_warnings(table, features, labels, k)) if k > 1 else []


def _warnings(
    table: pd.DataFrame, features: Sequence[Feature], labels: Labels, k: int
) -> Iterator[str]:
    for feature in features:
        counts = _contingency(table[feature.name], labels, k)
        if counts is None or counts.sum(axis=0).max() >= MAX_COMMON_SHARE * counts.sum():
            continue
        is_predicted = _predicts(counts)
        if not is_predicted and not (feature.kind == "categorical" and _predicts(counts.T)):
            continue
        if any(
            _is_split(table[each.name], labels, k) for each in features if each.kind == "numeric"
        ):
            return
        if is_predicted:
            yield (
                f"{feature.name!r} has one value in each segment: the segments only repeat it. "
                f"{_advice(feature)}"
            )
        else:
            yield (
                f"{feature.name!r} alone separates the segments: they may only repeat it. "
                f"{_advice(feature)}"
            )


def _advice(feature: Feature) -> str:
    ignored = override_json(feature.name, kind="ignored")
    return f"If it is an outcome, or an earlier segmentation, leave it out: {ignored}"


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


def _predicts(counts: NDArray[np.int64]) -> bool:
    """Check whether the most common column of each row is right for nearly all customers."""
    return bool(counts.max(axis=1).sum() >= MIN_PREDICTED_SHARE * counts.sum())


def _is_split(column: pd.Series, labels: Labels, k: int) -> bool:
    """Check whether thresholds in a numeric column predict the segments of nearly all customers."""
    values = column.to_numpy(dtype=np.float64)
    known = (labels >= 0) & ~np.isnan(values)
    values, labels = values[known], labels[known]
    if len(np.unique(values[:SAMPLE])) <= MAX_VALUES or len(np.unique(labels)) < k:
        return False
    ranges = [np.quantile(values[labels == segment], [TAIL, 0.5, 1 - TAIL]) for segment in range(k)]
    order = np.argsort([middle for _, middle, _ in ranges])
    thresholds = [(ranges[low][2] + ranges[high][0]) / 2 for low, high in pairwise(order)]
    if np.any(np.diff(thresholds) < 0):
        return False
    return bool(
        np.mean(order[np.searchsorted(thresholds, values)] == labels) >= MIN_PREDICTED_SHARE
    )
