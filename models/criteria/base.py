"""What a criterion says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.criteria.partitions import Floats


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One criterion's own view of how many segments there are.

    Attributes
    ----------
    criterion
        Its name.
    k
        The number of segments it would choose; None where it can say nothing.
    scores
        Its figure for each k that it is defined for.
    higher_is_better
        Which way the figure points.
    errors
        The standard error of each figure that has one.
    """

    criterion: str
    k: int | None
    scores: Mapping[int, float]
    higher_is_better: bool
    errors: Mapping[int, float] = field(default_factory=dict)


def argmax_verdict(criterion: str, scores: Mapping[int, float], errors: Mapping[int, float] | None = None) -> Verdict:
    """Choose the k of the greatest score, the smaller one of two equal."""
    k = max(scores, key=lambda k: (scores[k], -k)) if scores else None
    return Verdict(criterion=criterion, k=k, scores=scores, higher_is_better=True, errors=errors or {})


def argmin_verdict(criterion: str, scores: Mapping[int, float], errors: Mapping[int, float] | None = None) -> Verdict:
    """Choose the k of the least score, the smaller one of two equal."""
    k = min(scores, key=lambda k: (scores[k], k)) if scores else None
    return Verdict(criterion=criterion, k=k, scores=scores, higher_is_better=False, errors=errors or {})


def by_k(ks: Sequence[int], figures: Floats) -> dict[int, float]:
    """Give each figure under its k."""
    return dict(zip(ks, figures.tolist(), strict=True))
