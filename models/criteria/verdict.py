"""What a criterion says."""

from collections.abc import Mapping
from dataclasses import dataclass


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
    errors: Mapping[int, float]
