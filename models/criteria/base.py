"""The result type of every criterion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.criteria.partitions import Floats


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The number of segments that one criterion chooses, with its scores.

    Attributes
    ----------
    criterion
        Its name.
    k
        The number of segments it chooses; None if it is undecided.
    scores
        The score of each k for which the criterion is defined.
    higher_is_better
        Whether a higher score is better.
    errors
        The standard error of each score that has one.
    """

    criterion: str
    k: int | None
    scores: Mapping[int, float]
    higher_is_better: bool
    errors: Mapping[int, float] = field(default_factory=dict)


def argmax_verdict(
    criterion: str, scores: Mapping[int, float], errors: Mapping[int, float] | None = None
) -> Verdict:
    """Choose the k with the highest score; ties go to the smaller k."""
    k = max(scores, key=lambda k: (scores[k], -k)) if scores else None
    return Verdict(
        criterion=criterion, k=k, scores=scores, higher_is_better=True, errors=errors or {}
    )


def argmin_verdict(
    criterion: str, scores: Mapping[int, float], errors: Mapping[int, float] | None = None
) -> Verdict:
    """Choose the k with the lowest score; ties go to the smaller k."""
    k = min(scores, key=lambda k: (scores[k], k)) if scores else None
    return Verdict(
        criterion=criterion, k=k, scores=scores, higher_is_better=False, errors=errors or {}
    )


def restrict(verdict: Verdict, k_max: int) -> Verdict:
    """Return the verdict on at most `k_max` segments, with the scores of those only."""
    scores = {k: score for k, score in verdict.scores.items() if k <= k_max}
    if verdict.k is None or verdict.k <= k_max:
        k = verdict.k
    elif verdict.k == _best(verdict.scores, verdict):
        k = _best(scores, verdict)
    else:
        k = k_max
    errors = {k: error for k, error in verdict.errors.items() if k <= k_max}
    return replace(verdict, k=k, scores=scores, errors=errors)


def _best(scores: Mapping[int, float], verdict: Verdict) -> int | None:
    argbest = argmax_verdict if verdict.higher_is_better else argmin_verdict
    return argbest(verdict.criterion, scores).k


def by_k(ks: Sequence[int], values: Floats) -> dict[int, float]:
    """Return the scores as a dict by k."""
    return dict(zip(ks, values.tolist(), strict=True))
