"""Job that recommends a number of segments for a dataset."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import pandas as pd

from models.selection import Recommendation, recommend_k
from service.datasets import stored_versions
from service.datasets.features import doubts_of
from service.datasets.stored_customers import read_customers
from service.jobs.operations import JobResult, Progress
from service.recommendations import repository
from service.recommendations.operations import Question, read_question
from service.recommendations.rows import RecommendationRow
from service.stores import Stores
from service.stores.database import JsonObject, Session

READING_SHARE = 0.05  # of the progress


@dataclass(frozen=True, kw_only=True)
class _Inputs:
    """Inputs of a recommendation."""

    dataset: str
    version: int
    question: Question
    table: pd.DataFrame
    doubts: Sequence[str]


def run_recommendation(
    stores: Stores,
    payload: JsonObject,
    attempt: int,  # noqa: ARG001 - the signature of all jobs
    progress: Progress,
) -> JobResult:
    """Run the recommendation job: read the dataset, recommend k, return the result to write."""
    progress("reading", 0.0)
    inputs = _read(stores, payload)
    answer = compute_recommendation(
        inputs.table, inputs.question, inputs.doubts, partial(_scale_progress, progress)
    )

    def finish(session: Session) -> JsonObject:
        row = repository.get_by_id(session, payload["recommendation"])
        save_recommendation(row, inputs.version, answer)
        return {"dataset": inputs.dataset, "recommendation": row.id}

    return JobResult(finish=finish, undo=lambda: None)


def compute_recommendation(
    table: pd.DataFrame, question: Question, doubts: Sequence[str], progress: Progress
) -> Recommendation:
    """Recommend a number of segments for a table, and repeat the doubts about its columns."""
    answer = recommend_k(
        table,
        question.features,
        question.algorithm,
        **asdict(question.limits),
        criteria=question.criteria,
        seed=question.seed,
        progress=progress,
    )
    return replace(answer, warnings=(*answer.warnings, *doubts))


def save_recommendation(
    row: RecommendationRow, dataset_version: int, answer: Recommendation
) -> None:
    """Set the answer of a recommendation, and the dataset version that it was computed from."""
    row.dataset_version = dataset_version
    row.answer = {
        **asdict(answer),
        "probabilities": answer.probabilities and _by_k(answer.probabilities),
        "verdicts": [
            asdict(verdict) | {"scores": _by_k(verdict.scores), "errors": _by_k(verdict.errors)}
            for verdict in answer.verdicts
        ],
    }


def _scale_progress(progress: Progress, stage: str, fraction: float) -> None:
    progress(stage, READING_SHARE + (1 - READING_SHARE) * fraction)


def _read(stores: Stores, payload: JsonObject) -> _Inputs:
    """Read the planned dataset version, or the newest one if an erasure has deleted it."""
    return stored_versions.retry_while_erased(partial(_read_once, stores, payload))


def _read_once(stores: Stores, payload: JsonObject) -> _Inputs:
    with stores.database.reading() as session:
        row = repository.get_by_id(session, payload["recommendation"])
        dataset = repository.dataset_of(session, row)
        source = stored_versions.get_version_or_newest(session, dataset.id, row.dataset_version)
    question = read_question(row)
    names = [feature.name for feature in question.features]
    table = read_customers(stores, dataset.tenant, source, names)
    return _Inputs(
        dataset=dataset.name,
        version=source.version,
        question=question,
        table=table.to_pandas(),
        doubts=doubts_of(source, names),
    )


def _by_k(figures: Mapping[int, float]) -> dict[str, float]:
    """Return the figures with k as a string key, for JSON.

    Figures that are not finite are omitted.
    """
    return {str(k): float(figure) for k, figure in sorted(figures.items()) if math.isfinite(figure)}
