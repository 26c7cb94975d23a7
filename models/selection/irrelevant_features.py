"""Categorical features that are independent of all others.

They would only multiply the segments.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.features import Feature

LEVEL: Final = 0.001

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def irrelevant_categories(features: Sequence[Feature], blocks: Sequence[Floats]) -> list[Feature]:
    """Find the categorical features that no other feature depends on.

    Dependence on a numeric feature is tested by an analysis of variance, on a categorical one by a
    chi-squared test, at the level .001 with Bonferroni correction.

    Parameters
    ----------
    features
        The features.
    blocks
        The prepared coordinates of each feature, shape (n, 1) or (n, n_categories).

    Returns
    -------
    list of Feature
        Empty if no other feature would remain.
    """
    irrelevant = [
        feature
        for feature, block in zip(features, blocks, strict=True)
        if feature.kind == "categorical"
        and not is_related(category_codes(block), [other for other in blocks if other is not block])
    ]
    return irrelevant if len(irrelevant) < len(features) else []


def is_related(codes: Codes, others: Sequence[Floats]) -> bool:
    """Return whether a category depends on any of the other blocks."""
    return any(_p_value(codes, other) < LEVEL / len(others) for other in others)


def _p_value(codes: Codes, other: Floats) -> float:
    """Compute the p-value of independence."""
    from scipy.stats import chi2_contingency, f_oneway  # noqa: PLC0415 - the api imports the result types without scipy

    if other.shape[1] > 1:
        counts = np.zeros((codes.max() + 1, other.shape[1] + 1))
        np.add.at(counts, (codes, category_codes(other)), 1)
        counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
        return float(chi2_contingency(counts).pvalue) if min(counts.shape) > 1 else 1.0
    groups = [other[codes == code, 0] for code in np.unique(codes)]
    groups = [group for group in groups if len(group) > 1]
    return float(f_oneway(*groups).pvalue) if len(groups) > 1 and np.ptp(other) > 0 else 1.0


def category_codes(block: Floats) -> Codes:
    """Return the category code of each customer, n_categories if unknown (all zeros)."""
    return np.asarray(np.where(block.any(axis=1), block.argmax(axis=1), block.shape[1]))
