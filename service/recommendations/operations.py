"""Plans recommendations: what is asked about a dataset, written down beside the job that answers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import uuid4

from pydantic import TypeAdapter

from models.algorithms import Algorithm
from models.features import Feature
from service.config import Settings
from service.datasets import operations as datasets
from service.datasets.features import check_size_limit, choose_features
from service.errors import FieldError, InvalidRequest
from service.jobs import operations as jobs
from service.jobs.operations import Plan
from service.jobs.rows import JobRow
from service.recommendations.rows import RecommendationRow
from service.stores.database import JsonObject, Session, now

RECOMMEND = "recommend"


@dataclass(frozen=True, kw_only=True)
class RecommendationLimits:
    """Which numbers of segments are of use, and the share of the customers that each segment has at least."""

    k_min: int = 1
    k_max: int = 15
    min_share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Question:
    """How many segments there are, of which features, for which algorithm; without `criteria` all of them judge."""

    algorithm: Algorithm
    features: Sequence[Feature]
    limits: RecommendationLimits
    criteria: Sequence[str] | None
    seed: int


@dataclass(frozen=True, kw_only=True)
class RecommendationSpec:
    """What a recommendation is asked for; None is left to the default."""

    dataset_version: int | None
    algorithm: Algorithm
    features: Sequence[JsonObject] | None
    limits: RecommendationLimits
    criteria: Sequence[str] | None
    seed: int


_questions: TypeAdapter[Question] = TypeAdapter(Question)
_features: TypeAdapter[list[Feature]] = TypeAdapter(list[Feature])


def plan_recommendation(
    session: Session, tenant: str, dataset: str, asked: RecommendationSpec, settings: Settings
) -> Plan:
    """Check a question about a dataset; returns what writes it down with the job that answers it."""
    require_ordered(asked.limits)
    _require_open_cut(asked.algorithm)
    source, version = datasets.find_at(session, tenant, dataset, asked.dataset_version)
    features = choose_features(version, asked.features, settings)
    check_size_limit(settings, version.n_customers, len(features))
    question = Question(
        algorithm=asked.algorithm,
        features=_features.validate_python(features),
        limits=asked.limits,
        criteria=asked.criteria,
        seed=asked.seed,
    )
    row = new_recommendation(source.id, version.version, question)
    return lambda writing: _write_down(writing, tenant, row)


def _write_down(session: Session, tenant: str, row: RecommendationRow) -> JobRow:
    datasets.get_version_by_id(session, row.dataset_id, row.dataset_version)  # it may have gone meanwhile
    job = jobs.create_job(session, tenant, RECOMMEND, {"recommendation": row.id})
    row.job_id = job.id
    session.add(row)
    return job


def new_recommendation(dataset_id: str, dataset_version: int, question: Question) -> RecommendationRow:
    """Put a question about a dataset into a row, which is not added yet."""
    return RecommendationRow(
        id=f"rec_{uuid4().hex[:16]}",
        dataset_id=dataset_id,
        dataset_version=dataset_version,
        question=asdict(question),
        created_at=now(),
    )


def read_question(row: RecommendationRow) -> Question:
    """Read what was asked."""
    return _questions.validate_python(row.question)


def require_ordered(limits: RecommendationLimits) -> None:
    """Refuse limits that leave no number of segments."""
    if limits.k_min > limits.k_max:
        fault = FieldError(detail="k_min is larger than k_max", pointer="/k_min")
        raise InvalidRequest("No number of segments is within the limits", errors=[fault])


def _require_open_cut(algorithm: Algorithm) -> None:
    if getattr(algorithm, "distance", None) is not None:
        fault = FieldError(detail="a distance decides how many segments there are", pointer="/algorithm/distance")
        raise InvalidRequest("There is nothing to recommend", errors=[fault])
