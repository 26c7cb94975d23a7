"""What a reader of a recommendation should know."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from models.algorithms import Algorithm, Hierarchical
from models.criteria.partitions import Labels
from models.selection.constraints import Constraints
from models.selection.sampling import SelectionSample

FEWEST_FOR_CHANCES: Final = 50
TINY: Final = 0.02
DOMINANT: Final = 0.9


def sampling_notes(sample: SelectionSample) -> Iterator[str]:
    """Say which customers and columns were left out."""
    if sample.n_looked_at < sample.n_customers:
        yield f"judged on a random sample of {sample.n_looked_at:,} of {sample.n_customers:,} customers"
    if sample.n_strays:
        yield f"{sample.n_strays:,} customers far from all others were left out of the choice"
    for name in sample.unrelated:
        yield f"'{name}' is related to no other column: it was left out of the choice, which it would only blur"
    if sample.n_customers < FEWEST_FOR_CHANCES:
        yield (
            f"{sample.n_customers} customers are few: below {FEWEST_FOR_CHANCES} no probability can be given, "
            "and the advice is weak"
        )


def range_notes(k: int, limits: Constraints, asked: int, likely: int, share: float) -> Iterator[str]:
    """Say where the limits decide, rather than the customers."""
    if limits.k_max < asked:
        yield f"there are only {limits.k_max:,} distinct customers, so no more segments than that were tried"
    elif k == limits.k_max > 1 and likely >= k:
        yield f"{k} is the most that was allowed: more segments may fit better"
    if share < limits.min_share:
        yield f"no number of segments leaves each at least {limits.min_share:.1%} of the customers"
    elif share < TINY:
        yield f"the smallest of {k} segments holds only {share:.1%} of the customers"


def shape_notes(sample: SelectionSample, labels: Labels, k: int, algorithm: Algorithm) -> Iterator[str]:
    """Say what the segments hang on, and where another kind of segment was looked for."""
    name = _largest_segment(sample, labels, k)
    if name is not None:
        yield f"'{name}' alone sets these segments apart: the other columns hardly differ between them"
    if isinstance(algorithm, Hierarchical) and algorithm.linkage != "ward":
        yield f"the evidence is on compact segments; {algorithm.linkage} linkage may draw others"


def _largest_segment(sample: SelectionSample, labels: Labels, k: int) -> str | None:
    """Name the feature with nearly all of the variance between segments, where there are several features."""
    names = list(dict.fromkeys(sample.columns))
    if k == 1 or len(names) == 1:
        return None
    between = _between(sample, labels, k)
    of_feature = np.bincount([names.index(column) for column in sample.columns], weights=between)
    most = int(of_feature.argmax())
    return names[most] if of_feature[most] > DOMINANT * of_feature.sum() else None


def _between(sample: SelectionSample, labels: Labels, k: int) -> np.ndarray:
    sizes = np.bincount(labels, minlength=k)
    sums = np.eye(k)[labels].T @ (sample.points - sample.points.mean(axis=0))
    return np.asarray((sums**2 / np.maximum(sizes, 1)[:, None]).sum(axis=0))
