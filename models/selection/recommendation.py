"""The recommended number of segments."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.criteria.base import Verdict


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The recommended number of segments, its probability and the evidence.

    Attributes
    ----------
    k
        The best number of segments within the limits.
    probability
        The probability of k; None for fewer than 50 customers or more than 15 segments.
    credible_set
        The smallest set of numbers of segments whose probabilities add up to 90 %, the most
        probable first.
    probabilities
        The probability of each number of segments up to `k_max`, unaffected by the limits; None if
        `probability` is None.
    text
        The recommendation as a sentence for marketing and sales.
    verdicts
        The number of segments that each criterion chooses, and its scores.
    n_customers
        Number of customers with a known feature.
    n_sampled
        Number of customers in the sample.
    n_measured
        Number of customers behind the scores of knee, silhouette, Caliński-Harabasz and
        Davies-Bouldin.
    warnings
        Warnings as sentences.
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
