"""Which segments come back when the customers are drawn again."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.algorithms import Algorithm
from models.matching import jaccard

RESAMPLES: Final = 20
MOST_SEGMENTS: Final = 100
DOUBTFUL_BELOW: Final = 0.6

Points = NDArray[np.float64]
Labels = NDArray[np.int64]


def segment_stability(points: Points, labels: Labels, algorithm: Algorithm, *, k: int, seed: int) -> list[float | None]:
    """Say of each segment how well it comes back when segments are learned from resampled customers (Hennig 2007).

    Customers are drawn with replacement 20 times, as many as there are but at most 2,000 (500 for a tree), and the same
    algorithm learns k segments of them. A segment's stability is the Jaccard similarity (customers in both / customers
    in either) with the most similar of these, over the different customers drawn, averaged.

    Parameters
    ----------
    points
        Shape (n, d), in prepared units.
    labels
        Shape (n,), the segment in which each customer is placed, 0 to k - 1.
    algorithm
        What learned the segments.
    k
        The number of segments.
    seed
        Decides who is drawn.

    Returns
    -------
    list of float or None
        By segment, from 0 to 1. None of one segment, which always comes back, of more than 100, of which too few
        customers would be drawn, and of a segment of which nobody was drawn.

    Notes
    -----
    Hennig reads .85 and above as highly stable, from .75 as a valid segment, from .6 as a pattern whose borders are
    unsure, and says that below .6 a segment should not be trusted. Stability does not show that a segment is real: a
    cloud without structure may be cut at the same place each time.
    """
    if not 1 < k <= MOST_SEGMENTS:
        return [None] * k
    random = np.random.default_rng(seed)
    found = np.array([_similarities(points, labels, algorithm, k, random) for _ in range(RESAMPLES)])
    met = ~np.isnan(found)
    means = np.where(met, found, 0).sum(axis=0) / np.maximum(met.sum(axis=0), 1)
    return [float(mean) if ever else None for mean, ever in zip(means, met.any(axis=0), strict=True)]


def doubts(names: Sequence[str], stability: Sequence[float | None]) -> list[str]:
    """Name the segments that should not be trusted, in a sentence for each."""
    return [
        f"'{name}' is not stable ({value:.2f} of 1): with other customers of the same kind it would be another segment"
        for name, value in zip(names, stability, strict=True)
        if value is not None and value < DOUBTFUL_BELOW
    ]


def _similarities(
    points: Points, labels: Labels, algorithm: Algorithm, k: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Compare each segment with those that are learned from one resample; NaN where nobody of it was drawn."""
    n = len(points)
    drawn = random.integers(n, size=min(n, algorithm.REPEATED_ON))
    again = algorithm.fast_variant().learn(points[drawn], k=k, seed=int(random.integers(2**31)))
    different = np.unique(drawn)
    similarity = jaccard(labels[different], again.estimator.predict(points[different]), shape=(k, k)).max(axis=1)
    return np.where(np.bincount(labels[different], minlength=k) > 0, similarity, np.nan)
