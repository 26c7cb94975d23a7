"""Other ways to choose k, as their users run them, each on the same points.

A new one is one function here.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from kneed import KneeLocator
from sklearn.cluster import KMeans

from bench.choosing import indices
from bench.choosing.cuts import KS, Cuts, Floats

REFERENCES: Final = 10
STARTS: Final = 3
FROM_ONE: Final = range(1, KS.stop)


def silhouette(cuts: Cuts) -> int | None:
    """Choose the highest silhouette."""
    return indices.highest(indices.score(cuts, indices.silhouette))


def calinski_harabasz(cuts: Cuts) -> int | None:
    """Choose the highest index."""
    return indices.highest(indices.score(cuts, indices.calinski_harabasz))


def davies_bouldin(cuts: Cuts) -> int | None:
    """Choose the lowest index."""
    return indices.lowest(indices.score(cuts, indices.davies_bouldin))


def gap(cuts: Cuts) -> int:
    """Choose the first k within one standard error of the next (Tibshirani et al. 2001)."""
    rng = np.random.default_rng(0)
    low, high = cuts.points.min(axis=0), cuts.points.max(axis=0)
    references = [
        _log_inertia(rng.uniform(low, high, size=cuts.points.shape)) for _ in range(REFERENCES)
    ]
    gaps = np.mean(references, axis=0) - _log_inertia(cuts.points)
    errors = np.std(references, axis=0) * (1 + 1 / REFERENCES) ** 0.5
    enough = np.flatnonzero(gaps[:-1] >= gaps[1:] - errors[1:])
    return FROM_ONE[int(enough[0]) if len(enough) else -1]


def knee(cuts: Cuts) -> int:
    """Choose the knee of the inertia, from 1 segment on since an end is never a knee.

    1 where there is none.
    """
    inertia = [cuts.inertia(k) for k in FROM_ONE]
    found = KneeLocator(FROM_ONE, inertia, curve="convex", direction="decreasing").knee
    return int(found) if found else 1


def vote(cuts: Cuts) -> int:
    """Choose what most indices choose, as NbClust does."""
    return indices.majority(indices.votes(cuts))


PEERS: Final[Mapping[str, Callable[[Cuts], int | None]]] = {
    "silhouette": silhouette,
    "Caliński-Harabasz": calinski_harabasz,
    "Davies-Bouldin": davies_bouldin,
    "gap": gap,
    "knee of the inertia (kneed)": knee,
    f"vote of {len(indices.INDICES)} indices, as in NbClust": vote,
}


def _log_inertia(points: Floats) -> Floats:
    return np.log([KMeans(k, n_init=STARTS, random_state=0).fit(points).inertia_ for k in FROM_ONE])
