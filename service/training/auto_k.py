"""The number of segments, where the fit is to choose it."""

from dataclasses import dataclass, replace

import pandas as pd

from models.selection import Recommendation
from service.datasets import repository as datasets
from service.jobs.operations import Progress
from service.recommendations.job import recommend, write_answer
from service.recommendations.operations import Question, RecommendationLimits, new_recommendation
from service.registry.operations import VersionLearned
from service.registry.rows import VersionRow
from service.stores.database import JsonObject, Session
from service.training.operations import read_algorithm, read_features

WEAK = 0.6


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A number of segments that a fit has chosen, and what it asked to learn it."""

    question: Question
    answer: Recommendation

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the version should know; the advice itself where it is no clear one."""
        unclear = self.answer.k == 1 or (self.answer.probability or 0.0) < WEAK
        return (*([self.answer.text] if unclear else []), *self.answer.warnings)


def choose_k(version: VersionRow, table: pd.DataFrame, progress: Progress) -> Choice | None:
    """Choose a number of segments; None where there is nothing to choose."""
    if version.limits is None:
        return None
    question = Question(
        algorithm=read_algorithm(version),
        features=read_features(version),
        limits=RecommendationLimits(**version.limits),
        criteria=None,
        seed=version.seed,
    )
    answer = recommend(table, question, lambda stage, fraction: progress(f"recommending: {stage}", fraction))
    return Choice(question=question, answer=answer)


def with_choice(
    session: Session, version: VersionRow, learned: VersionLearned, choice: Choice | None
) -> VersionLearned:
    """Keep the recommendation with its dataset, if that is still there, and what matters of it with the version."""
    if choice is None:
        return learned
    row = new_recommendation(version.dataset_id, version.dataset_version, _without_names(choice.question))
    row.job_id = version.job_id
    write_answer(row, version.dataset_version, choice.answer)
    if datasets.find_by_id(session, version.dataset_id) is not None:
        session.add(row)
    warnings = dict.fromkeys([*choice.warnings, *learned.warnings])
    return replace(learned, recommendation=_kept(row.id, choice.answer), warnings=tuple(warnings))


def _without_names(question: Question) -> Question:
    """Leave out which categories customers have had: a recommendation outlives them."""
    return replace(question, features=[replace(feature, categories=None) for feature in question.features])


def _kept(recommendation_id: str, answer: Recommendation) -> JsonObject:
    return {
        "recommendation": recommendation_id,
        "k": answer.k,
        "probability": answer.probability,
        "credible_set": list(answer.credible_set),
        "text": answer.text,
    }
