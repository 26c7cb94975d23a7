"""Replication: agreement of the segmentations fitted on two halves of the customers."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from models.algorithms import Algorithm

SPLITS: Final = 5
MAX_SEGMENTS: Final = 100
MIN_PER_SEGMENT: Final = 4  # two in each half
DOUBTFUL_BELOW: Final = 0.65
CUSTOMERS_PER_COLUMN: Final = 70  # as Dolnicar et al. (2014) advise
CUSTOMERS_PER_SEGMENT: Final = 30  # as many as a distance fence of its own needs

Points = NDArray[np.float64]


def replication(points: Points, algorithm: Algorithm, *, k: int, seed: int) -> float | None:
    """Compute how well segments replicate (after Breckenridge 1989; Tibshirani & Walther 2005).

    Up to 4,000 customers (1,000 for a tree) are drawn and split in two random halves. The algorithm
    fits k segments to each half, both fits assign the second half, and the two assignments are
    compared by the adjusted Rand index (Hubert & Arabie 1985): 1 if they are equal, 0 for agreement
    by chance. Returns the mean of five splits.

    Parameters
    ----------
    points
        Shape (n, d), in prepared units.
    algorithm
        The algorithm of the fit.
    k
        The number of segments.
    seed
        Seed of the halves.

    Returns
    -------
    float or None
        None for one segment, for more than 100, and for fewer than four customers per segment.

    Notes
    -----
    A low value shows that the segments depend on chance. A high value does not show that there are
    gaps between them: a cloud without gaps is cut in the same way in both halves if its shape
    determines the cut, as the middle of a long one. See `docs/trees.md` for how often that happens.
    """
    if not 1 < k <= MAX_SEGMENTS or len(points) < MIN_PER_SEGMENT * k:
        return None
    random = np.random.default_rng(seed)
    return float(np.mean([_compare_halves(points, algorithm, k, random) for _ in range(SPLITS)]))


def chance(agreement: float | None) -> list[str]:
    """Return a warning if the segments do not replicate."""
    if agreement is None or agreement >= DOUBTFUL_BELOW:
        return []
    agree = f"fits on two halves of the customers agree by {max(agreement, 0):.2f} of 1"
    return [
        (
            f"these segments do not replicate: {agree}; below {DOUBTFUL_BELOW} they depend much on "
            "chance"
        )
    ]


def few_customers(n: int, n_columns: int, k: int) -> list[str]:
    """Return a warning if there are too few customers for segments that replicate.

    Dolnicar, Grün, Leisch & Schmidt (2014, "Required sample sizes for data-driven market
    segmentation analyses in tourism") advise at least 70 customers per column; 30 per segment is
    the minimum for a distance fence of its own.
    """
    min_customers = max(CUSTOMERS_PER_COLUMN * n_columns, CUSTOMERS_PER_SEGMENT * k)
    if n >= min_customers or k == 1:
        return []
    advised = f"{CUSTOMERS_PER_COLUMN} for each column and {CUSTOMERS_PER_SEGMENT} for each segment"
    few = f"{n:,} customers are few for {k:,} segments by {n_columns:,} columns"
    return [f"{few}: at least {min_customers:,} are advised, {advised}"]


def _compare_halves(
    points: Points, algorithm: Algorithm, k: int, random: np.random.Generator
) -> float:
    """Fit both halves, and compare how the two fits assign the second half."""
    drawn = random.permutation(len(points))[: 2 * algorithm.REPEATED_ON]
    first, second = points[drawn[::2]], points[drawn[1::2]]
    seed = int(random.integers(2**31))
    labels = [
        algorithm.fast_variant().learn(half, k=k, seed=seed).estimator.predict(second)
        for half in (first, second)
    ]
    return float(adjusted_rand_score(*labels))
