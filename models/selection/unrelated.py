"""Columns that have nothing to do with any other: they would only blur the segments, or multiply them."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.features import Feature
from models.kernels.dips import dip, dip_p

SIGNIFICANT: Final = 0.001
ONE_PEAK: Final = 0.5
BINS: Final = 5

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def unrelated(features: Sequence[Feature], blocks: Sequence[Floats]) -> list[Feature]:
    """Find the features that no other feature depends on, and that show no segments by themselves.

    Every two features are compared by the chi-squared test of independence, numbers in fifths; the level of .001 is
    divided by the number of comparisons. A numeric feature that may have more than one peak, by the dip of Hartigan &
    Hartigan (1985), is never unrelated. Where all numeric features are unrelated, none of them is.

    Parameters
    ----------
    features
        What the blocks are of.
    blocks
        The prepared coordinates of each feature, shape (n, 1) or (n, n_categories).
    """
    codes = [_codes(feature, block) for feature, block in zip(features, blocks, strict=True)]
    alone = [
        feature
        for i, (feature, block) in enumerate(zip(features, blocks, strict=True))
        if not _has_peaks(feature, block) and not _is_related(codes[i], codes[:i] + codes[i + 1 :])
    ]
    numeric = [feature for feature in features if feature.kind == "numeric"]
    if all(feature in alone for feature in numeric):
        alone = [feature for feature in alone if feature.kind == "categorical"]
    return alone if len(alone) < len(features) else []


def _has_peaks(feature: Feature, block: Floats) -> bool:
    return feature.kind == "numeric" and dip_p(dip(np.sort(block[:, 0])), len(block)) < ONE_PEAK


def _is_related(codes: Codes, others: Sequence[Codes]) -> bool:
    return any(_chance(codes, other) < SIGNIFICANT / len(others) for other in others)


def _chance(one: Codes, other: Codes) -> float:
    """Give the probability of at least such a dependence where there is none."""
    from scipy.stats import chi2_contingency  # noqa: PLC0415 - the api knows the advice by its shape only

    counts = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(counts, (one, other), 1)
    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    return float(chi2_contingency(counts).pvalue) if min(counts.shape) > 1 else 1.0


def _codes(feature: Feature, block: Floats) -> Codes:
    """Give the fifth that each number is in, and the category of each text; unknown ones share the last code."""
    if feature.kind == "numeric":
        edges = np.quantile(block[:, 0], np.arange(1, BINS) / BINS)
        return np.asarray(np.searchsorted(edges, block[:, 0]))
    return np.asarray(np.where(block.any(axis=1), block.argmax(axis=1), block.shape[1]))
