"""How many segments? The criteria's evidence becomes one recommendation with its certainty."""

from collections.abc import Callable, Sequence

import pandas as pd

from models.algorithms import Algorithm
from models.features import Feature
from models.selection.recommendation import Recommendation

__all__ = ["Recommendation", "recommend_k"]


def recommend_k(  # noqa: PLR0913 - the question has its limits, a seed and a listener
    table: pd.DataFrame,
    features: Sequence[Feature],
    algorithm: Algorithm,
    *,
    k_min: int = 1,
    k_max: int = 15,
    min_share: float = 0.0,
    criteria: Sequence[str] | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> Recommendation:
    """Say how many segments the customers form."""
    del table, features, algorithm, k_min, k_max, min_share, criteria, seed, progress
    raise NotImplementedError
