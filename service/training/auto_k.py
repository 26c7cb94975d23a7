"""Choice of the number of segments for fits with `k: "auto"`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from models.selection import Recommendation
from service.datasets import repository as datasets
from service.jobs.operations import Progress
from service.recommendations.job import compute_recommendation, save_recommendation
from service.recommendations.operations import Question, RecommendationLimits, new_recommendation
from service.registry.operations import VersionLearned
from service.registry.rows import VersionRow
from service.stores.database import Session
from service.training.operations import read_algorithm, read_features

MIN_PROBABILITY = 0.6


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Recommendation of a fit's number of segments, and the parameters of that recommendation."""

    question: Question
    answer: Recommendation

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings for the version, with the text of the recommendation if that is uncertain."""
        is_uncertain = self.answer.k == 1 or (self.answer.probability or 0.0) < MIN_PROBABILITY
        return (
            (self.answer.text, *self.answer.warnings)
            if is_uncertain
            else tuple(self.answer.warnings)
        )


def choose_k(
    version: VersionRow, table: pd.DataFrame, doubts: Sequence[str], progress: Progress
) -> Choice | None:
    """Recommend a number of segments for a version; returns None if its k is fixed."""
    if version.limits is None:
        return None
    question = Question(
        algorithm=read_algorithm(version),
        features=read_features(version),
        limits=RecommendationLimits(**version.limits),
        criteria=None,
        seed=version.seed,
    )
    answer = compute_recommendation(
        table,
        question,
        doubts,
        lambda stage, fraction: progress(f"recommending: {stage}", fraction),
    )
    return Choice(question=question, answer=answer)


def with_choice(
    session: Session, version: VersionRow, learned: VersionLearned, choice: Choice | None
) -> VersionLearned:
    """Add the recommendation to its dataset, if that exists, and its summary to the version."""
    if choice is None:
        return learned
    # A recommendation outlives the erasure of customers, so it does not store their categories.
    features = [replace(feature, categories=None) for feature in choice.question.features]
    question = replace(choice.question, features=features)
    row = new_recommendation(version.dataset_id, version.dataset_version, question)
    row.job_id = version.job_id
    save_recommendation(row, version.dataset_version, choice.answer)
    if datasets.find_by_id(session, version.dataset_id) is not None:
        session.add(row)
    warnings = dict.fromkeys([*choice.warnings, *learned.warnings])
    recommendation = {
        "recommendation": row.id,
        "k": choice.answer.k,
        "probability": choice.answer.probability,
        "credible_set": list(choice.answer.credible_set),
        "text": choice.answer.text,
    }
    return replace(learned, recommendation=recommendation, warnings=tuple(warnings))
