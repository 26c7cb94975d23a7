"""Probabilities of each number of segments by the criteria's verdicts, and a fallback rule.

Two stages: a logistic regression decides whether there are segments at all, then a conditional
logit (McFadden 1974), a softmax over k, how many. The weights were fitted by
`bench/choosing/fitting.py` on 320 generated tables whose number of segments is known.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.criteria import Verdict
from models.replication import DOUBTFUL_BELOW

Floats = NDArray[np.float64]
Verdicts = Mapping[str, Verdict]

MAX_K: Final = 15  # the generated tables had at most 15 segments
MIN_STRENGTH: Final = 0.05  # so that its logarithm is finite
CREDIBLE: Final = 0.9  # total probability of the credible set

# Weights of the conditional logit over k.
WHICH_K: Final = {
    "silhouette": 0.469,
    "davies_bouldin": 1.331,
    "icl": 0.981,
    "log_prediction_strength": 3.084,
    "gap_step": -1.220,
    "valley": 1.744,
    "valley_says_so": 0.786,
}
# Weights of the logistic regression on whether there are segments.
WHETHER: Final = {
    "constant": -0.617,
    "votes_for_one": -1.203,
    "valley": 2.371,
    "gap_gain": 1.119,
    "stability": 1.376,
    "no_deep_valley": -2.504,
    "nothing_replicates": -1.947,
}
# The criteria whose verdict can be a single segment.
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
    """Compute the probability of each number of segments from 1 to 15.

    Parameters
    ----------
    verdicts
        The verdict of every criterion, by name.
    n
        Number of customers in the sample.
    """
    if max(verdicts["gap"].scores) == 1:  # there is only one distinct customer
        return {1: 1.0, 2: 0.0}
    features = k_features(verdicts, n)
    score = sum(weight * features[name] for name, weight in WHICH_K.items())
    which = np.exp(score - np.max(score))
    which /= which.sum()
    best = 2 + int(which.argmax())
    structure = structure_features(verdicts, best)
    whether = 1 / (1 + np.exp(-sum(weight * structure[name] for name, weight in WHETHER.items())))
    return {1: float(1 - whether), **{k: float(whether * p) for k, p in enumerate(which, start=2)}}


def k_features(verdicts: Verdicts, n: int) -> dict[str, Floats]:
    """Compute the features of the conditional logit by name, shape (n_ks,), for k of 2 to 15."""
    ks = range(2, min(MAX_K, max(verdicts["gap"].scores)) + 1)
    strength = _scores_of(verdicts["prediction_strength"].scores, ks, missing=0.0)
    return {
        "silhouette": _below_best(verdicts["silhouette"], ks, unit=0.1),
        "davies_bouldin": _below_best(verdicts["davies_bouldin"], ks, unit=0.3),
        "icl": _below_best(verdicts["mixture_icl"], ks, unit=10 / n),
        "log_prediction_strength": np.log(np.maximum(strength, MIN_STRENGTH)),
        "gap_step": np.array([_step(verdicts["gap"], k) for k in ks]),
        "valley": _scores_of(verdicts["valley_depth"].scores, ks, missing=0.0),
        "valley_says_so": _votes(verdicts["valley_depth"], ks),
    }


def structure_features(verdicts: Verdicts, best: int) -> dict[str, float]:
    """Compute the features of the logistic regression, by name.

    `best` is the most likely number of segments.
    """
    gap = verdicts["gap_pca"].scores
    return {
        "constant": 1.0,
        "votes_for_one": float(np.mean([verdicts[name].k == 1 for name in CAN_SAY_ONE])),
        "valley": verdicts["valley_depth"].scores.get(best, 0.0),
        "gap_gain": float(np.clip((gap.get(best, gap[1]) - gap[1]) / 0.1, -3, 3)),
        "stability": verdicts["bootstrap_stability"].scores.get(best, 0.0),
        "no_deep_valley": float(verdicts["valley_depth"].k == 1),
        "nothing_replicates": float(verdicts["prediction_strength"].k == 1),
    }


def discount_replication(
    probabilities: Mapping[int, float], k: int, agreement: float | None
) -> dict[int, float]:
    """Lower the certainty of a number of segments that do not replicate.

    If segments fitted on two halves of the customers agree by less than what a fit calls doubtful,
    the probability of their number is multiplied by the agreement; the rest goes to a single
    segment. It is then below .65, whatever the criteria say.

    Parameters
    ----------
    probabilities
        The probability of each number of segments.
    k
        The number of segments that was fitted on the halves.
    agreement
        The mean adjusted Rand index of the halves; None if it was not measured.
    """
    if agreement is None or agreement >= DOUBTFUL_BELOW:
        return dict(probabilities)
    kept = probabilities[k] * max(agreement, 0.0)
    return {**probabilities, 1: probabilities[1] + probabilities[k] - kept, k: kept}


def fallback_scores(verdicts: Verdicts) -> dict[int, float]:
    """Return preferences, higher is better.

    Silhouettes of Ward's cuts; one segment if no valley separates any.
    """
    alone = 1.0 if verdicts["valley_depth"].k == 1 else -1.0
    return {1: alone, **verdicts["ward_silhouette"].scores}


def credible_set(probabilities: Mapping[int, float]) -> tuple[int, ...]:
    """Return the smallest set of k whose probabilities add up to 90 %, the most probable first."""
    order = sorted(probabilities, key=lambda k: (-probabilities[k], k))
    reached = np.cumsum([probabilities[k] for k in order])
    return tuple(order[: 1 + int(np.searchsorted(reached, CREDIBLE))])


def _scores_of(scores: Mapping[int, float], ks: Sequence[int], *, missing: float) -> Floats:
    return np.array([scores.get(k, missing) for k in ks], dtype=np.float64)


def _below_best(verdict: Verdict, ks: Sequence[int], *, unit: float) -> Floats:
    """Return minus each score's distance to the best, in units, at least -3 (also if missing)."""
    scores = _scores_of(verdict.scores, ks, missing=np.nan)
    if np.isnan(scores).all():
        return np.full(len(scores), -3.0)
    scores = scores if verdict.higher_is_better else -scores
    return np.nan_to_num(np.clip((scores - np.nanmax(scores)) / unit, -3, 0), nan=-3.0)


def _step(verdict: Verdict, k: int) -> float:
    """Return the gain of the next k in standard errors, clipped to 10 and divided by 5."""
    if k + 1 not in verdict.scores:
        return 0.0
    gain = verdict.scores[k + 1] - verdict.scores[k]
    return float(np.clip(gain / (verdict.errors[k + 1] + 0.01), -10, 10) / 5)


def _votes(verdict: Verdict, ks: Sequence[int]) -> Floats:
    return np.array([verdict.k == k for k in ks], dtype=np.float64)
