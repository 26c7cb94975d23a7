"""Routes of recommendations."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path

from service.datasets import repository as datasets
from service.datasets.fold import fold_dataset
from service.jobs.routes import JobResponderDep, job_responses
from service.jobs.rows import NEWEST
from service.jobs.schemas import Job
from service.recommendations import operations, repository
from service.recommendations.schemas import Recommendation, RecommendationCreate, RecommendationList
from service.stores.database import JsonObject, Session
from service.web.dependencies import DatasetName, PageSize, PageToken, ReadDep, TenantDep
from service.web.pagination import decode_cursor, next_cursor

RecommendationId = Annotated[
    str,
    Path(
        pattern=rf"^(rec_[0-9a-f]{{16}}|{NEWEST})$",
        description="The recommendation's id, or `newest`.",
        examples=[NEWEST],
    ),
]

router = APIRouter(tags=["recommendations"])


@router.post(
    "/v1/datasets/{dataset}/recommendations",
    status_code=201,
    response_model=None,
    responses=job_responses(Recommendation),
)
async def recommend_k(
    dataset: DatasetName, body: RecommendationCreate, tenant: TenantDep, jobs: JobResponderDep
) -> Recommendation | Job:
    """Recommend a number of segments for a dataset.

    Returns the recommendation, or 202 with the job if it takes longer than `Prefer: wait`.
    """
    settings = jobs.services.settings
    plan = partial(
        operations.plan_recommendation,
        tenant=tenant,
        dataset=dataset,
        spec=body.to_spec(),
        settings=settings,
    )
    fold = partial(fold_dataset, jobs.services.stores, tenant, dataset, body.dataset_version)
    return await jobs.respond(plan, partial(_show, tenant), fold=fold)


@router.get("/v1/datasets/{dataset}/recommendations")
def list_recommendations(
    session: ReadDep,
    tenant: TenantDep,
    dataset: DatasetName,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> RecommendationList:
    """List the recommendations of a dataset, newest first.

    Includes those made by fits with `k: "auto"`.
    """
    row = datasets.get_dataset(session, tenant, dataset)
    last = decode_cursor(page_token)
    before = repository.get_recommendation(session, row, last) if last else None
    rows = repository.list_recommendations(session, row, before=before, limit=page_size)
    token = next_cursor(rows, page_size, lambda found: found.id)
    return RecommendationList(
        recommendations=[Recommendation.of(row, found) for found in rows], next_page_token=token
    )


@router.get("/v1/datasets/{dataset}/recommendations/{recommendation}")
def get_recommendation(
    session: ReadDep, tenant: TenantDep, dataset: DatasetName, recommendation: RecommendationId
) -> Recommendation:
    """Retrieve a recommendation.

    Returns the number of segments, its probability, and the verdict of each criterion.
    """
    row = datasets.get_dataset(session, tenant, dataset)
    return Recommendation.of(row, repository.get_recommendation(session, row, recommendation))


def _show(tenant: str, session: Session, result: JsonObject) -> tuple[str, Recommendation]:
    dataset = datasets.get_dataset(session, tenant, result["dataset"])
    found = repository.get_recommendation(session, dataset, result["recommendation"])
    return f"/v1/datasets/{dataset.name}/recommendations/{found.id}", Recommendation.of(
        dataset, found
    )
