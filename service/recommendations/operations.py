"""Planning of recommendations: validates a request, then adds its row together with its job."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import uuid4

from pydantic import TypeAdapter

from models.algorithms import Algorithm
from models.features import Feature
from service.config import Settings
from service.datasets import stored_versions
from service.datasets.features import check_size_limit, choose_features
from service.errors import FieldError, InvalidRequest
from service.jobs import operations as jobs
from service.jobs.operations import JobPlan
from service.jobs.rows import JobRow
from service.recommendations.rows import RecommendationRow
from service.stores.database import JsonObject, Session, now

RECOMMEND = "recommend"


@dataclass(frozen=True, kw_only=True)
class RecommendationLimits:
    """Limits on the number of segments, and the smallest share of the customers in a segment."""

    k_min: int = 1
    k_max: int = 15
    min_share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Question:
    """Stored parameters of a recommendation; `criteria` None means all of them."""

    algorithm: Algorithm
    features: Sequence[Feature]
    limits: RecommendationLimits
    criteria: Sequence[str] | None
    seed: int


@dataclass(frozen=True, kw_only=True)
class RecommendationSpec:
    """Request for a recommendation; None means the default."""

    dataset_version: int | None
    algorithm: Algorithm
    features: Sequence[JsonObject] | None
    limits: RecommendationLimits
    criteria: Sequence[str] | None
    seed: int


_questions: TypeAdapter[Question] = TypeAdapter(Question)
_features: TypeAdapter[list[Feature]] = TypeAdapter(list[Feature])


def plan_recommendation(
    session: Session, tenant: str, dataset: str, spec: RecommendationSpec, settings: Settings
) -> JobPlan:
    """Validate a request for a recommendation; returns a callback that adds its row and its job."""
    require_ordered(spec.limits)
    if getattr(spec.algorithm, "distance", None) is not None:
        fault = FieldError(
            detail="the distance determines the number of segments", pointer="/algorithm/distance"
        )
        raise InvalidRequest(
            "A number of segments cannot be recommended for a cut at a distance", errors=[fault]
        )
    source, version = stored_versions.find_at(session, tenant, dataset, spec.dataset_version)
    features = choose_features(version, spec.features, settings)
    check_size_limit(settings, version.n_customers, len(features))
    question = Question(
        algorithm=spec.algorithm,
        features=_features.validate_python(features),
        limits=spec.limits,
        criteria=spec.criteria,
        seed=spec.seed,
    )
    row = new_recommendation(source.id, version.version, question)
    return lambda writing: _add_with_job(writing, tenant, row)


def _add_with_job(session: Session, tenant: str, row: RecommendationRow) -> JobRow:
    source = stored_versions.get_version_or_newest(  # raises if the dataset was deleted meanwhile
        session, row.dataset_id, row.dataset_version
    )
    row.dataset_version = source.version
    job = jobs.create_job(session, tenant, RECOMMEND, {"recommendation": row.id})
    row.job_id = job.id
    session.add(row)
    return job


def new_recommendation(
    dataset_id: str, dataset_version: int, question: Question
) -> RecommendationRow:
    """Build the row of a recommendation without adding it to a session."""
    return RecommendationRow(
        id=f"rec_{uuid4().hex[:16]}",
        dataset_id=dataset_id,
        dataset_version=dataset_version,
        question=asdict(question),
        created_at=now(),
    )


def read_question(row: RecommendationRow) -> Question:
    """Parse the stored parameters of a recommendation."""
    return _questions.validate_python(row.question)


def require_ordered(limits: RecommendationLimits) -> None:
    """Raise InvalidRequest if k_min exceeds k_max."""
    if limits.k_min > limits.k_max:
        fault = FieldError(detail="k_min is greater than k_max", pointer="/k_min")
        raise InvalidRequest("No number of segments satisfies the limits", errors=[fault])
