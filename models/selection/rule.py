"""The rule that turns the criteria's evidence into probabilities, and the plainer one where it has no footing."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from models.criteria import Verdict

K_MOST: Final = 15
CREDIBLE: Final = 0.9


def fall_back(verdicts: Mapping[str, Verdict]) -> dict[int, float]:
    """Prefer one segment where no valley parts any, else the silhouette of Ward's cuts; higher is preferred."""
    alone = 1.0 if verdicts["valley_depth"].k == 1 else -1.0
    return {1: alone, **verdicts["ward_silhouette"].scores}


def believe(verdicts: Mapping[str, Verdict]) -> dict[int, float]:
    """Give the probability of each number of segments from 1 to 15."""
    preference = fall_back(verdicts)
    ks = [k for k in preference if k <= K_MOST]
    weights = np.exp(np.array([preference[k] for k in ks]) * 20)
    return dict(zip(ks, (weights / weights.sum()).tolist(), strict=True))


def credible(chances: Mapping[int, float]) -> tuple[int, ...]:
    """Give the fewest numbers of segments whose probabilities add up to 90 %, the most probable first."""
    order = sorted(chances, key=lambda k: (-chances[k], k))
    reached = np.cumsum([chances[k] for k in order])
    return tuple(order[: 1 + int(np.searchsorted(reached, CREDIBLE))])
