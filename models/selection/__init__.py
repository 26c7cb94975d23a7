"""Choice of the number of segments.

Combine the verdicts of the criteria into one recommendation with a probability.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import pandas as pd
from threadpoolctl import threadpool_limits

from models.algorithms import Algorithm
from models.criteria.base import restrict
from models.criteria.partitions import Labels
from models.features import Feature
from models.replication import replication
from models.selection.constraints import (
    Constraints,
    choose,
    max_preference,
    min_shares,
    partitions,
    prefer_smaller,
)
from models.selection.evaluation import Progress, build_criterion_data, evaluate_criteria
from models.selection.full_data_scores import score_full_data
from models.selection.k_probabilities import (
    MAX_K,
    credible_set,
    discount_replication,
    fallback_scores,
    predict_proba,
)
from models.selection.levels import are_levels
from models.selection.recommendation import Recommendation
from models.selection.sampling import SelectionSample, draw_sample
from models.selection.summary_text import format_recommendation
from models.selection.warnings import MIN_CALIBRATED, range_notes, sampling_notes, shape_notes

__all__ = ["Recommendation", "recommend_k"]

CRITERIA_PROGRESS: Final = 0.6
MIN_LEVEL_PROBABILITY: Final = 0.2  # of both, to be named


def recommend_k(  # noqa: PLR0913 - constraints, a seed and a callback
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
    """Recommend a number of segments, with its probability.

    Deterministic: the same table, features, algorithm, limits and seed return the same result, bit
    for bit. The limits restrict the choice, not the evidence: the probabilities are the same with
    other limits. Nothing beyond `k_max` is returned.

    Parameters
    ----------
    table
        One row per customer, as for a fit.
    features
        The columns to use; a category that is related to no other column is left out.
    algorithm
        The algorithm whose segments `min_share` refers to.
    k_min, k_max
        The minimum and maximum number of segments to recommend.
    min_share
        The minimum share of the customers, from 0 to 1, in the smallest segment.
    criteria
        The names of the criteria whose verdicts to return; None for all.
    seed
        Seed of all random numbers: the sample, the reference points, the random halves.
    progress
        Called with each stage that begins ("preparing", the name of each criterion, and "measuring
        k = 2" etc. if there are more customers than the sample has), and the share of the work
        done.

    Raises
    ------
    TooFewToChoose
        If fewer than ten customers have a known feature.
    TooFewCustomers
        If there are fewer distinct customers than `k_min`.
    NothingToLearnFrom, UnusableColumn, ValueOutOfRange
        As for a fit.
    """
    with threadpool_limits(limits=1):  # the last bits depend on the number of threads
        progress("preparing", 0.0)
        sample = draw_sample(table, features, seed)
        evidence = build_criterion_data(sample, k_min, k_max, seed)
        verdicts = evaluate_criteria(
            evidence, partial(_report_part, progress, 0.0, CRITERIA_PROGRESS)
        )
        requested = tuple(verdicts) if criteria is None else criteria
        returned = verdicts | score_full_data(
            sample, evidence, requested, partial(_report_part, progress, CRITERIA_PROGRESS, 1.0)
        )
        limits = Constraints(k_min=k_min, k_max=min(k_max, evidence.k_max), min_share=min_share)
        cuts = partitions(evidence, algorithm)
        shares = min_shares(cuts)
        fallback = fallback_scores(verdicts)
        probabilities = (
            _discounted(predict_proba(verdicts, sample.n_sampled), sample, algorithm, seed)
            if _is_calibrated(sample, fallback, k_min)
            else None
        )
        preference = prefer_smaller(probabilities) if probabilities else fallback
        k = choose(preference, shares, limits)
        warnings = [
            *sampling_notes(sample),
            *range_notes(k, limits, k_max, max_preference(preference), shares[k]),
            *shape_notes(sample, cuts[k], k, algorithm),
        ]
        likely = credible_set(probabilities) if probabilities else ()
        levels = _find_levels(probabilities, k_max, cuts) if probabilities else False
        text = format_recommendation(k, probabilities, k_max=k_max, are_levels=levels)
    return Recommendation(
        k=k,
        probability=probabilities.get(k, 0.0) if probabilities else None,
        credible_set=tuple(j for j in likely if j <= k_max),
        probabilities=probabilities and {j: p for j, p in probabilities.items() if j <= k_max},
        text=text,
        verdicts=tuple(
            restrict(verdict, k_max) for name, verdict in returned.items() if name in requested
        ),
        n_customers=sample.n_customers,
        n_sampled=sample.n_sampled,
        n_measured=len(sample.everyone),
        warnings=tuple(warnings),
    )


def _report_part(progress: Progress, start: float, end: float, stage: str, fraction: float) -> None:
    progress(stage, start + (end - start) * fraction)


def _discounted(
    probabilities: Mapping[int, float], sample: SelectionSample, algorithm: Algorithm, seed: int
) -> dict[int, float]:
    """Measure the replication of the most probable segments as a fit does, and weigh it."""
    k = max_preference(probabilities)
    agreement = replication(sample.everyone, algorithm, k=k, seed=seed)
    return discount_replication(probabilities, k, agreement)


def _find_levels(
    probabilities: Mapping[int, float], k_max: int, cuts: Mapping[int, Labels]
) -> bool:
    """Return whether two probable numbers of segments are levels of a hierarchy."""
    probable = [k for k, p in probabilities.items() if p >= MIN_LEVEL_PROBABILITY]
    if len(probable) != 2 or min(probable) == 1 or max(probable) > k_max:  # noqa: PLR2004 - coarse and fine
        return False
    coarse, fine = sorted(probable)
    return are_levels(cuts[coarse], cuts[fine])


def _is_calibrated(sample: SelectionSample, preference: Mapping[int, float], k_min: int) -> bool:
    """Return whether probabilities are calibrated for this table.

    At least 50 customers and at most 15 segments.
    """
    return sample.n_customers >= MIN_CALIBRATED and max(max_preference(preference), k_min) <= MAX_K
