"""The rule that turns the criteria's evidence into probabilities, and the plainer one where it has no footing.

Two stages. Whether there are segments at all: a logistic regression on doubts. How many, if there are: a conditional
logit (McFadden 1974), a softmax over k of weighted signs. Both kinds of weights were fitted by the
functions of `bench/choosing/fitting.py`, on 864 generated tables whose number of segments is known.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.criteria import Verdict

Floats = NDArray[np.float64]
Verdicts = Mapping[str, Verdict]

K_MOST: Final = 15
CREDIBLE: Final = 0.9

WHICH_K: Final = {
    "silhouette": 1.076,
    "ward_silhouette": 2.149,
    "calinski_harabasz": 1.059,
    "davies_bouldin": 1.764,
    "prediction_strength": -0.121,
    "gap_step": -1.001,
    "valley": 0.109,
    "next_valley": -0.738,
    "knee_says_so": 1.958,
    "icl_says_so": 0.980,
    "icl": 1.226,
}
WHETHER: Final = {
    "constant": -0.497,
    "votes_for_one": -3.405,
    "valley": 2.824,
    "icl_gain": 0.483,
    "gap_gain": 1.523,
}
CAN_SAY_ONE: Final = (
    "gap",
    "gap_pca",
    "prediction_strength",
    "valley_depth",
    "dip",
    "g_means",
    "mixture_bic",
    "mixture_icl",
)


def predict_proba(verdicts: Verdicts, n: int) -> dict[int, float]:
    """Give the probability of each number of segments from 1 to 15.

    Parameters
    ----------
    verdicts
        Of every criterion, by name, for 1 to at least 2 segments.
    n
        How many customers they looked at.
    """
    signs = k_features(verdicts, n)
    score = sum(weight * signs[name] for name, weight in WHICH_K.items())
    which = np.exp(score - np.max(score))
    which /= which.sum()
    best = 2 + int(which.argmax())
    doubts = structure_features(verdicts, best, n)
    whether = 1 / (1 + np.exp(-sum(weight * doubts[name] for name, weight in WHETHER.items())))
    return {1: float(1 - whether), **{k: float(whether * p) for k, p in enumerate(which, start=2)}}


def k_features(verdicts: Verdicts, n: int) -> dict[str, Floats]:
    """Give what speaks for each number of segments from 2 to 15, by the name of its weight, each of shape (n_ks,)."""
    ks = range(2, min(K_MOST, max(verdicts["gap"].scores)) + 1)
    valleys = verdicts["valley_depth"].scores
    return {
        "silhouette": _below_best(verdicts["silhouette"], ks, unit=0.1),
        "ward_silhouette": _below_best(verdicts["ward_silhouette"], ks, unit=0.1),
        "calinski_harabasz": _below_best(verdicts["calinski_harabasz"], ks, unit=0.3, log=True),
        "davies_bouldin": _below_best(verdicts["davies_bouldin"], ks, unit=0.3),
        "prediction_strength": _each(verdicts["prediction_strength"].scores, ks, missing=0.0),
        "gap_step": np.array([_step(verdicts["gap"], k) for k in ks]),
        "valley": _each(valleys, ks, missing=0.0),
        "next_valley": _each(valleys, [k + 1 for k in ks], missing=0.0),
        "knee_says_so": _prefers(verdicts["knee"], ks),
        "icl_says_so": _prefers(verdicts["mixture_icl"], ks),
        "icl": _below_best(verdicts["mixture_icl"], ks, unit=10 / n),
    }


def structure_features(verdicts: Verdicts, best: int, n: int) -> dict[str, float]:
    """Give what speaks for or against segments at all, by the name of its weight, when `best` of them are likeliest."""
    gap, icl = verdicts["gap_pca"].scores, verdicts["mixture_icl"].scores
    gain = icl[1] - icl[best] if 1 in icl and best in icl else 0.0
    return {
        "constant": 1.0,
        "votes_for_one": float(np.mean([verdicts[name].k == 1 for name in CAN_SAY_ONE])),
        "valley": verdicts["valley_depth"].scores.get(best, 0.0),
        "icl_gain": float(np.clip(gain * n / 50, -5, 5)),
        "gap_gain": float(np.clip((gap.get(best, gap[1]) - gap[1]) / 0.1, -3, 3)),
    }


def fall_back(verdicts: Verdicts) -> dict[int, float]:
    """Prefer one segment where no valley parts any, else the silhouette of Ward's cuts; higher is preferred."""
    alone = 1.0 if verdicts["valley_depth"].k == 1 else -1.0
    return {1: alone, **verdicts["ward_silhouette"].scores}


def credible_set(chances: Mapping[int, float]) -> tuple[int, ...]:
    """Give the fewest numbers of segments whose probabilities add up to 90 %, the most probable first."""
    order = sorted(chances, key=lambda k: (-chances[k], k))
    reached = np.cumsum([chances[k] for k in order])
    return tuple(order[: 1 + int(np.searchsorted(reached, CREDIBLE))])


def _each(scores: Mapping[int, float], ks: Sequence[int], *, missing: float) -> Floats:
    return np.array([scores.get(k, missing) for k in ks], dtype=np.float64)


def _below_best(verdict: Verdict, ks: Sequence[int], *, unit: float, log: bool = False) -> Floats:
    """Give how many units each score is worse than the best, at most three; three where there is none."""
    scores = _each(verdict.scores, ks, missing=np.nan)
    if np.isnan(scores).all():
        return np.full(len(scores), -3.0)
    scores = np.log1p(scores) if log else scores
    scores = scores if verdict.higher_is_better else -scores
    return np.nan_to_num(np.clip((scores - np.nanmax(scores)) / unit, -3, 0), nan=-3.0)


def _step(verdict: Verdict, k: int) -> float:
    """Give how much the next k would gain, in a fifth of standard errors, at most ten of them."""
    if k + 1 not in verdict.scores:
        return 0.0
    gain = verdict.scores[k + 1] - verdict.scores[k]
    return float(np.clip(gain / (verdict.errors[k + 1] + 0.01), -10, 10) / 5)


def _prefers(verdict: Verdict, ks: Sequence[int]) -> Floats:
    return np.array([verdict.k == k for k in ks], dtype=np.float64)
