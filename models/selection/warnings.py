"""Warnings of a recommendation."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from models.algorithms import Algorithm, Hierarchical
from models.criteria.partitions import Labels
from models.selection.constraints import Constraints
from models.selection.sampling import SelectionSample

MIN_CALIBRATED: Final = 50
TINY: Final = 0.02
DOMINANT: Final = 0.9


def sampling_notes(sample: SelectionSample) -> Iterator[str]:
    """Yield warnings about customers and columns that were left out."""
    if sample.n_sampled < sample.n_customers:
        yield (
            f"estimated on a random sample of {sample.n_sampled:,} of {sample.n_customers:,} "
            "customers"
        )
    if sample.n_outliers:
        yield (
            f"{sample.n_outliers:,} customers far from all others were left out when choosing "
            "the number of segments"
        )
    for name in sample.unrelated:
        yield (
            f"'{name}' is related to no other column, so it was left out when choosing the "
            "number of segments"
        )
    if sample.n_customers < MIN_CALIBRATED:
        yield (
            f"{sample.n_customers} customers are too few to estimate probabilities; at least "
            f"{MIN_CALIBRATED} are needed, and the recommendation is weak"
        )


def range_notes(
    k: int, limits: Constraints, requested: int, likely: int, share: float
) -> Iterator[str]:
    """Yield warnings where the limits decide the number of segments, not the data."""
    if limits.k_max < requested:
        yield (
            f"there are only {limits.k_max:,} distinct customers, so larger numbers of segments "
            "were not tried"
        )
    elif k == limits.k_max > 1 and likely >= k:
        yield f"{k} is the largest number of segments allowed; more segments may fit better"
    if share < limits.min_share:
        yield (
            f"no number of segments gives every segment at least {limits.min_share:.1%} of the "
            "customers"
        )
    elif share < TINY:
        yield f"the smallest of {k} segments holds only {share:.1%} of the customers"


def shape_notes(
    sample: SelectionSample, labels: Labels, k: int, algorithm: Algorithm
) -> Iterator[str]:
    """Yield warnings about a dominant feature, and linkages that the criteria do not assume."""
    name = _dominant_feature(sample, labels, k)
    if name is not None:
        yield (
            f"'{name}' alone sets these segments apart: the other columns hardly differ between "
            "them"
        )
    if isinstance(algorithm, Hierarchical) and algorithm.linkage != "ward":
        yield (
            f"the criteria assume compact segments; {algorithm.linkage} linkage may find other "
            "shapes"
        )


def _dominant_feature(sample: SelectionSample, labels: Labels, k: int) -> str | None:
    """Return the feature with nearly all of the variance between segments, or None."""
    names = list(dict.fromkeys(sample.columns))
    if k == 1 or len(names) == 1:
        return None
    sizes = np.bincount(labels, minlength=k)
    sums = np.eye(k)[labels].T @ (sample.points - sample.points.mean(axis=0))
    between = (sums**2 / np.maximum(sizes, 1)[:, None]).sum(axis=0)  # of each column
    of_feature = np.bincount([names.index(column) for column in sample.columns], weights=between)
    most = int(of_feature.argmax())
    return names[most] if of_feature[most] > DOMINANT * of_feature.sum() else None
