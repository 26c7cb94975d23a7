"""How many segments? The criteria's evidence becomes one recommendation with its certainty."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from models.algorithms import Algorithm
from models.criteria import CRITERIA, Evidence, Verdict
from models.errors import TooFewCustomers
from models.features import Feature
from models.selection.limits import Limits, choose, least_shares, most_preferred, partitions
from models.selection.notes import FEWEST_FOR_CHANCES, range_notes, sampling_notes, shape_notes
from models.selection.recommendation import Recommendation
from models.selection.rule import K_MOST, believe, credible, fall_back
from models.selection.sampling import Sample, draw_sample
from models.selection.wording import advise

__all__ = ["Recommendation", "recommend_k"]

Progress = Callable[[str, float], None]


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
    progress: Progress = lambda _stage, _fraction: None,
) -> Recommendation:
    """Say how many segments the customers form, and how sure that is.

    The same table, features, algorithm, limits and seed give the same answer, bit for bit. The limits restrict the
    choice and not the evidence: probabilities are of 1 to 15 segments whatever is asked.

    Parameters
    ----------
    table
        One row per customer, as for a fit.
    features
        The columns to look at; a category that is related to no other column is left out.
    algorithm
        Which segments `min_share` is about.
    k_min, k_max
        The fewest and the most segments to recommend.
    min_share
        The least share of the customers, from 0 to 1, that the smallest segment may have.
    criteria
        The names of the criteria whose verdicts are wanted; None for all.
    seed
        Decides all that is random: the sample, the references, the halvings.
    progress
        Told the stage that begins, "preparing" and then each criterion's name, and the share that is done.

    Raises
    ------
    TooFewToChoose
        For fewer than ten customers with a known feature.
    TooFewCustomers
        For fewer distinct customers than `k_min`.
    NothingToLearnFrom, UnusableColumn, ValueOutOfRange
        As for a fit.
    """
    with threadpool_limits(limits=1):  # another number of threads gives other last bits
        progress("preparing", 0.0)
        sample = draw_sample(table, features, seed)
        evidence = _evidence(sample, k_min, k_max, seed)
        verdicts = _judge(evidence, progress)
        limits = Limits(k_min=k_min, k_max=min(k_max, evidence.k_max), min_share=min_share)
        cuts = partitions(evidence, algorithm)
        shares = least_shares(cuts)
        plain = fall_back(verdicts)
        chances = believe(verdicts, sample.n_looked_at) if _has_footing(sample, plain, k_min) else None
        preference = chances or plain
        k = choose(preference, shares, limits)
        warnings = [
            *sampling_notes(sample),
            *range_notes(k, limits, k_max, most_preferred(preference), shares[k]),
            *shape_notes(sample, cuts[k], k, algorithm),
        ]
    return Recommendation(
        k=k,
        probability=chances.get(k, 0.0) if chances else None,
        credible_set=credible(chances) if chances else (),
        probabilities=chances,
        text=advise(k, chances),
        verdicts=tuple(verdict for name, verdict in verdicts.items() if criteria is None or name in criteria),
        n_customers=sample.n_customers,
        n_sampled=sample.n_looked_at,
        warnings=tuple(warnings),
    )


def _evidence(sample: Sample, k_min: int, k_max: int, seed: int) -> Evidence:
    distinct = len(np.unique(sample.points, axis=0))
    if distinct < k_min:
        raise TooFewCustomers(f"{distinct:,} distinct customers cannot form {k_min:,} segments")
    return Evidence(points=sample.points, k_max=min(max(k_max, K_MOST), distinct), seed=seed)


def _judge(evidence: Evidence, progress: Progress) -> dict[str, Verdict]:
    verdicts: dict[str, Verdict] = {}
    for i, criterion in enumerate(CRITERIA):
        progress(criterion.name, (1 + i) / (1 + len(CRITERIA)))
        verdicts[criterion.name] = criterion.judge(evidence)
    return verdicts


def _has_footing(sample: Sample, preference: Mapping[int, float], k_min: int) -> bool:
    """Say whether the rule was fitted on tables like this: 50 customers or more, and no more than 15 segments."""
    return sample.n_customers >= FEWEST_FOR_CHANCES and max(most_preferred(preference), k_min) <= K_MOST
