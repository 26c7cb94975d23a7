"""Categories that have nothing to do with any other column: they would only multiply the segments."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.features import Feature

SIGNIFICANT: Final = 0.001

Floats = NDArray[np.float64]


def irrelevant_categories(features: Sequence[Feature], blocks: Sequence[Floats]) -> list[Feature]:
    """Find the categorical features that no other feature depends on.

    A numeric feature is compared by the analysis of variance, a categorical one by the chi-squared test of
    independence; the level of .001 is divided by the number of comparisons.

    Parameters
    ----------
    features
        What the blocks are of.
    blocks
        The prepared coordinates of each feature, shape (n, 1) or (n, n_categories).

    Returns
    -------
    list of Feature
        None of them where that would leave nothing to look at.
    """
    found = [
        feature
        for feature, block in zip(features, blocks, strict=True)
        if feature.kind == "categorical" and not _is_related(block, [other for other in blocks if other is not block])
    ]
    return found if len(found) < len(features) else []


def _is_related(block: Floats, others: Sequence[Floats]) -> bool:
    codes = _codes(block)
    return any(_chance(codes, other) < SIGNIFICANT / len(others) for other in others)


def _chance(codes: NDArray[np.int64], other: Floats) -> float:
    """Give the probability of at least such a dependence where there is none."""
    from scipy.stats import chi2_contingency, f_oneway  # noqa: PLC0415 - the api knows the advice by its shape only

    if other.shape[1] > 1:
        counts = np.zeros((codes.max() + 1, other.shape[1] + 1))
        np.add.at(counts, (codes, _codes(other)), 1)
        counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
        return float(chi2_contingency(counts).pvalue) if min(counts.shape) > 1 else 1.0
    groups = [other[codes == code, 0] for code in np.unique(codes)]
    groups = [group for group in groups if len(group) > 1]
    return float(f_oneway(*groups).pvalue) if len(groups) > 1 and np.ptp(other) > 0 else 1.0


def _codes(block: Floats) -> NDArray[np.int64]:
    """Give the category of each customer: its coordinate is the greatest, or all are zero where it is unknown."""
    return np.asarray(np.where(block.any(axis=1), block.argmax(axis=1), block.shape[1]))
