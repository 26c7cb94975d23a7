"""The advice on how many segments to form."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.criteria.base import Verdict


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """How many segments the data supports, and how sure that is.

    Attributes
    ----------
    k
        The best number of segments that the limits allow.
    probability
        That k is right; None where the rule has no footing: fewer than 50 customers, or k beyond 15.
    credible_set
        The fewest numbers of segments whose probabilities add up to 90 %, the most probable first.
    probabilities
        Of each number of segments, whatever the limits; they add up to 1. None where `probability` is None.
    text
        The advice as a sentence for people who sell things.
    verdicts
        What each criterion says on its own.
    n_customers
        How many customers could be judged: those with a known feature.
    n_sampled
        How many of them the rule has looked at.
    n_measured
        How many of them the figures of knee, silhouette, Caliński-Harabasz and Davies-Bouldin are of.
    warnings
        Sentences on what a reader should know.
    """

    k: int
    probability: float | None
    credible_set: tuple[int, ...]
    probabilities: Mapping[int, float] | None
    text: str
    verdicts: tuple[Verdict, ...]
    n_customers: int
    n_sampled: int
    n_measured: int
    warnings: tuple[str, ...]
