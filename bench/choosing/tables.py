"""Tables to fit the rule on and others to score it on.

The same ones for the same family and seed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from bench.choosing import families, lattice_families, order_families, shape_families, wide_families
from bench.choosing.drawing import Family, Truth
from models import preparation
from models.features import Feature

STRUCTURED: Final[dict[str, Family]] = {
    **families.STRUCTURED,
    **lattice_families.LATTICE_STRUCTURED,
    **order_families.ORDER_STRUCTURED,
    **wide_families.WIDE_STRUCTURED,
    **shape_families.SHAPE_STRUCTURED,
}
UNSTRUCTURED: Final[dict[str, Family]] = {
    **families.UNSTRUCTURED,
    **lattice_families.LATTICE_UNSTRUCTURED,
    **order_families.ORDER_UNSTRUCTURED,
    **wide_families.WIDE_UNSTRUCTURED,
}
FAMILIES: Final[dict[str, Family]] = {**STRUCTURED, **UNSTRUCTURED}
FITTING_FROM, SCORING_FROM = 1_000_000, 9_000_000
DRAWS: Final = 20
FOUND: Final = 0.8
LOOKED_AT: Final = 1_500

Points = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a table comes from: its family, and the seed that decides it."""

    family: str
    seed: int

    @property
    def is_structured(self) -> bool:
        """Whether its tables have more than one segment."""
        return self.family in STRUCTURED


def fitting_sources(
    repetitions: int, families: Sequence[str] = tuple(FAMILIES)
) -> Iterator[Source]:
    """Give so many tables of each family to fit the rule on."""
    return _sources(FITTING_FROM, repetitions, families)


def scoring_sources(
    repetitions: int, families: Sequence[str] = tuple(FAMILIES)
) -> Iterator[Source]:
    """Give so many tables of each family to score the rule on: none that it was fitted on."""
    return _sources(SCORING_FROM, repetitions, families)


def draw(source: Source) -> Truth | None:
    """Draw a table, again where its segments cannot be found even by who knows how many there are.

    How many segments there are is no question where nobody could find them: K-Means or Ward, told
    the true number, must reach an adjusted Rand index of .8, on all columns or on the numeric ones
    alone. None after 20 draws in vain.
    """
    with threadpool_limits(limits=1):  # another number of threads gives other last bits
        for attempt in range(DRAWS):
            rng = np.random.default_rng([source.seed, attempt, *source.family.encode()])
            truth = FAMILIES[source.family](rng)
            if _can_be_found(truth):
                return truth
    return None


def features_of(table: pd.DataFrame) -> list[Feature]:
    """Ask for every column, as the service does where nothing is said."""
    return [
        Feature(
            name=str(name),
            kind="numeric" if pd.api.types.is_numeric_dtype(column) else "categorical",
        )
        for name, column in table.items()
    ]


def _sources(first: int, repetitions: int, names: Sequence[str]) -> Iterator[Source]:
    for seed in range(first, first + repetitions):
        for family in names:
            yield Source(family=family, seed=seed)


def _can_be_found(truth: Truth) -> bool:
    if truth.k == 1 or truth.overlaps:
        return True
    features = features_of(truth.table)
    numeric = [feature for feature in features if feature.kind == "numeric"]
    looks = [features] if numeric == features else [features, numeric]
    return any(_agreement(truth, look) >= FOUND for look in looks)


def _agreement(truth: Truth, features: Sequence[Feature]) -> float:
    """Give how well the better of K-Means and Ward finds the segments, from 0 to 1."""
    points, labels = _prepared(truth.table[:LOOKED_AT], features), truth.labels[:LOOKED_AT]
    by_kmeans = KMeans(truth.k, n_init=5, random_state=0).fit_predict(points)
    by_ward = fcluster(linkage(points, "ward"), truth.k, "maxclust")
    return max(float(adjusted_rand_score(labels, found)) for found in (by_kmeans, by_ward))


def _prepared(table: pd.DataFrame, asked: Sequence[Feature]) -> Points:
    features = preparation.decide(table, asked)
    return preparation.transform(preparation.learn(table, features), features, table)
