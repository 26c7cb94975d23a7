"""How many segments? The criteria's evidence becomes one recommendation with its certainty."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import pandas as pd
from threadpoolctl import threadpool_limits

from models.algorithms import Algorithm
from models.features import Feature
from models.selection.constraints import Constraints, choose, least_shares, most_preferred, partitions
from models.selection.evaluation import Progress, build_criterion_data, evaluate_criteria
from models.selection.full_data_scores import score_full_data
from models.selection.k_probabilities import K_MOST, credible_set, fall_back, predict_proba
from models.selection.recommendation import Recommendation
from models.selection.sampling import SelectionSample, draw_sample
from models.selection.summary_text import summary_sentence
from models.selection.warnings import FEWEST_FOR_CHANCES, range_notes, sampling_notes, shape_notes

__all__ = ["Recommendation", "recommend_k"]

JUDGING_SHARE: Final = 0.6


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
        Told the stage that begins, "preparing", each criterion's name, and where all customers are more than the rule
        looks at "measuring k = 2" and so on; and the share that is done.

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
        evidence = build_criterion_data(sample, k_min, k_max, seed)
        verdicts = evaluate_criteria(evidence, partial(_within, progress, 0.0, JUDGING_SHARE))
        wanted = tuple(verdicts) if criteria is None else criteria
        shown = verdicts | score_full_data(sample, evidence, wanted, partial(_within, progress, JUDGING_SHARE, 1.0))
        limits = Constraints(k_min=k_min, k_max=min(k_max, evidence.k_max), min_share=min_share)
        cuts = partitions(evidence, algorithm)
        shares = least_shares(cuts)
        plain = fall_back(verdicts)
        chances = predict_proba(verdicts, sample.n_looked_at) if _has_enough_rows(sample, plain, k_min) else None
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
        credible_set=credible_set(chances) if chances else (),
        probabilities=chances,
        text=summary_sentence(k, chances),
        verdicts=tuple(verdict for name, verdict in shown.items() if name in wanted),
        n_customers=sample.n_customers,
        n_sampled=sample.n_looked_at,
        n_measured=len(sample.everyone),
        warnings=tuple(warnings),
    )


def _within(progress: Progress, start: float, end: float, stage: str, fraction: float) -> None:
    progress(stage, start + (end - start) * fraction)


def _has_enough_rows(sample: SelectionSample, preference: Mapping[int, float], k_min: int) -> bool:
    """Say whether the rule was fitted on tables like this: 50 customers or more, and no more than 15 segments."""
    return sample.n_customers >= FEWEST_FOR_CHANCES and max(most_preferred(preference), k_min) <= K_MOST
