"""Whether one half of the customers would have taught the same segments as the other."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from models.algorithms import Algorithm

SPLITS: Final = 5
MOST_SEGMENTS: Final = 100
FEWEST_PER_SEGMENT: Final = 4
DOUBTFUL_BELOW: Final = 0.65
CUSTOMERS_PER_COLUMN: Final = 70
CUSTOMERS_PER_SEGMENT: Final = 30

Points = NDArray[np.float64]


def replication(points: Points, algorithm: Algorithm, *, k: int, seed: int) -> float | None:
    """Say how alike two halves of the customers are segmented (after Breckenridge 1989; Tibshirani & Walther 2005).

    Up to 4,000 customers (1,000 for a tree) are drawn and split in two random halves. The algorithm learns k segments
    of either half, both place the second one, and the two answers are compared by the adjusted Rand index (Hubert &
    Arabie 1985): 1 where they are the same, 0 as by chance. The mean of five splits is given.

    Parameters
    ----------
    points
        Shape (n, d), in prepared units.
    algorithm
        What learned the segments.
    k
        The number of segments.
    seed
        Decides the halves.

    Returns
    -------
    float or None
        None of one segment, of more than 100, and of fewer than four customers for each.

    Notes
    -----
    It shows where segments owe more to chance than to the customers. It does not show that there are gaps between them:
    a cloud without any is cut at the same place in both halves where its shape tells where to cut, as a long one in the
    middle. `docs/trees.md` says how often that happens.
    """
    if not 1 < k <= MOST_SEGMENTS or len(points) < FEWEST_PER_SEGMENT * k:
        return None
    random = np.random.default_rng(seed)
    return float(np.mean([_agreement(points, algorithm, k, random) for _ in range(SPLITS)]))


def chance(agreement: float | None) -> list[str]:
    """Say in a sentence where segments owe more to chance than to the customers."""
    if agreement is None or agreement >= DOUBTFUL_BELOW:
        return []
    alike = f"halves of the customers teach segments that agree by {max(agreement, 0):.2f} of 1"
    return [f"these segments do not replicate: two {alike}; below {DOUBTFUL_BELOW} they owe much to chance"]


def few_customers(n: int, n_columns: int, k: int) -> list[str]:
    """Say in a sentence where there are too few customers to expect segments that replicate.

    At least 70 for each column are advised by Dolnicar, Grün, Leisch & Schmidt (2014, "Required sample sizes for
    data-driven market segmentation analyses in tourism"), and 30 for each segment by us, so many as make a distance
    fence of its own.
    """
    least = max(CUSTOMERS_PER_COLUMN * n_columns, CUSTOMERS_PER_SEGMENT * k)
    if n >= least or k == 1:
        return []
    advised = f"{CUSTOMERS_PER_COLUMN} for each column and {CUSTOMERS_PER_SEGMENT} for each segment"
    few = f"{n:,} customers are few for {k:,} segments by {n_columns:,} columns"
    return [f"{few}: at least {least:,} are advised, {advised}"]


def _agreement(points: Points, algorithm: Algorithm, k: int, random: np.random.Generator) -> float:
    """Learn from either half, place the second one by both."""
    drawn = random.permutation(len(points))[: 2 * algorithm.REPEATED_ON]
    first, second = points[drawn[::2]], points[drawn[1::2]]
    seed = int(random.integers(2**31))
    placed = [
        algorithm.fast_variant().learn(half, k=k, seed=seed).estimator.predict(second) for half in (first, second)
    ]
    return float(adjusted_rand_score(*placed))
