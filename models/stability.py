"""Bootstrap stability of segments."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.algorithms import Algorithm
from models.matching import jaccard

RESAMPLES: Final = 20
MAX_SEGMENTS: Final = 100
DOUBTFUL_BELOW: Final = 0.6  # Hennig (2007) calls clusters below 0.6 not trustworthy

Points = NDArray[np.float64]
Labels = NDArray[np.int64]


def segment_stability(
    points: Points, labels: Labels, algorithm: Algorithm, *, k: int, seed: int
) -> list[float | None]:
    """Compute the bootstrap stability of each segment (Hennig 2007).

    The same algorithm fits k segments to 20 samples with replacement, each of at most 2,000
    customers (500 for a tree). The stability of a segment is its Jaccard similarity (customers in
    both / customers in either) to the most similar segment of a resample, over the distinct
    customers drawn, averaged over resamples.

    Parameters
    ----------
    points
        Shape (n, d), in prepared units.
    labels
        Shape (n,), the segment of each customer, 0 to k - 1.
    algorithm
        The algorithm of the fit.
    k
        The number of segments.
    seed
        Seed of the resamples.

    Returns
    -------
    list of float or None
        By segment, from 0 to 1. None for a single segment, for more than 100 segments (too few
        customers per segment in a resample), and for a segment of which no customer was drawn.

    Notes
    -----
    Hennig's interpretation: highly stable from .85, valid from .75, a pattern with uncertain
    borders from .6, not to be trusted below. Stability does not show that a segment is real: a
    cloud without structure may be cut in the same way each time.
    """
    if not 1 < k <= MAX_SEGMENTS:
        return [None] * k
    random = np.random.default_rng(seed)
    found = np.array(
        [_similarities(points, labels, algorithm, k, random) for _ in range(RESAMPLES)]
    )
    met = ~np.isnan(found)
    means = np.where(met, found, 0).sum(axis=0) / np.maximum(met.sum(axis=0), 1)
    return [
        float(mean) if ever else None for mean, ever in zip(means, met.any(axis=0), strict=True)
    ]


def stability_warnings(names: Sequence[str], stability: Sequence[float | None]) -> list[str]:
    """Return a warning for each segment that is not stable."""
    return [
        f"'{name}' is not stable ({value:.2f} of 1): a fit on similar customers would find a "
        "different segment"
        for name, value in zip(names, stability, strict=True)
        if value is not None and value < DOUBTFUL_BELOW
    ]


def _similarities(
    points: Points, labels: Labels, algorithm: Algorithm, k: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return the similarity of each segment to those of one resample.

    NaN if none of its customers was drawn.
    """
    n = len(points)
    drawn = random.integers(n, size=min(n, algorithm.REPEATED_ON))
    again = algorithm.fast_variant().learn(points[drawn], k=k, seed=int(random.integers(2**31)))
    different = np.unique(drawn)
    similarity = jaccard(
        labels[different], again.estimator.predict(points[different]), shape=(k, k)
    ).max(axis=1)
    return np.where(np.bincount(labels[different], minlength=k) > 0, similarity, np.nan)
