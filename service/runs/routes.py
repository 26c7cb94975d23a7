"""Routes of assignment runs, and of the members of segments."""

from functools import partial
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Path

from service.datasets import stored_versions
from service.datasets.fold import fold_dataset
from service.jobs.operations import JobPlan
from service.jobs.routes import JobResponderDep, job_responses
from service.jobs.rows import NEWEST
from service.jobs.schemas import Job
from service.registry import operations as registry
from service.runs import operations, repository
from service.runs.schemas import MemberList, Run, RunCreate, StoredAssignmentList
from service.stores.database import JsonObject, Session
from service.web.dependencies import (
    ModelName,
    PageSize,
    PageToken,
    ReadDep,
    SegmentRef,
    ServicesDep,
    TenantDep,
    VersionRef,
)
from service.web.pagination import decode_offset, encode_offset
from service.web.table_response import (
    TABLE_ANSWER,
    ResponseFormatDep,
    TableResponse,
    table_response,
)

RunId = Annotated[
    str,
    Path(
        pattern=rf"^([0-9a-f-]{{36}}|{NEWEST})$",
        description="The run's id, or `newest`.",
        examples=[NEWEST],
    ),
]

ASSIGNMENTS: dict[int | str, dict[str, Any]] = {
    200: {"model": StoredAssignmentList, **TABLE_ANSWER}
}
MEMBERS: dict[int | str, dict[str, Any]] = {200: {"model": MemberList, **TABLE_ANSWER}}

router = APIRouter(tags=["runs"])


@router.post(
    "/v1/models/{model}/versions/{version}/assignment-runs",
    status_code=201,
    response_model=None,
    responses=job_responses(Run),
)
async def start_run(
    model: ModelName, version: VersionRef, body: RunCreate, tenant: TenantDep, jobs: JobResponderDep
) -> Run | Job:
    """Assign all customers of a dataset, as a job.

    Answers with the run, or with its job if that takes longer than you wait.
    """

    def plan(session: Session) -> JobPlan:
        ready = registry.get_ready_version(session, tenant, model, version)
        at = stored_versions.find_at(session, tenant, body.dataset, body.dataset_version)
        is_named = body.dataset_version is not None
        return lambda writing: operations.plan_run(writing, *ready, at, is_named=is_named)

    fold = partial(fold_dataset, jobs.services.stores, tenant, body.dataset, body.dataset_version)
    return await jobs.respond(plan, partial(_show, tenant), fold=fold)


@router.get("/v1/models/{model}/versions/{version}/assignment-runs/{run}")
def get_run(
    session: ReadDep, tenant: TenantDep, model: ModelName, version: VersionRef, run: RunId
) -> Run:
    """Retrieve a run: its progress, and the number of customers in each segment."""
    row, ready = registry.get_ready_version(session, tenant, model, version)
    found = repository.get_run(session, ready, run)
    return Run.of(row, found, repository.job_of(session, found))


@router.get(
    "/v1/models/{model}/versions/{version}/assignment-runs/{run}/assignments", responses=ASSIGNMENTS
)
def list_assignments(
    services: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
    run: RunId,
    fmt: ResponseFormatDep,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> TableResponse:
    """List the assignments of a run, in the order of the dataset.

    JSON in pages, other formats whole.
    """
    _, ready = registry.get_ready_version(session, tenant, model, version)
    found = repository.get_run(session, ready, run)
    start = decode_offset(page_token)
    rows = operations.read_assigned(
        services.stores, found, registry.segment_names(session, ready), start=start
    )
    return table_response(
        rows,
        fmt,
        noun="assignments",
        size=page_size,
        token=lambda page: encode_offset(start + page.num_rows),
    )


@router.get("/v1/models/{model}/versions/{version}/segments/{segment}/customers", responses=MEMBERS)
def list_members(
    services: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
    segment: SegmentRef,
    fmt: ResponseFormatDep,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> TableResponse:
    """List the customers of a segment, of those that the version learned from.

    JSON in pages, other formats whole.
    """
    ready = registry.get_ready_version(session, tenant, model, version)
    rows = operations.read_members(
        session, services.stores, ready, segment, start=decode_offset(page_token)
    )
    return table_response(rows, fmt, noun="customers", size=page_size, token=_after_last)


def _after_last(members: pa.Table) -> str:
    return encode_offset(members.columns[-1][-1].as_py() + 1)


def _show(tenant: str, session: Session, result: JsonObject) -> tuple[str, Run]:
    model, version = registry.get_ready_version(
        session, tenant, result["model"], str(result["version"])
    )
    found = repository.get_run(session, version, result["run"])
    address = f"/v1/models/{model.name}/versions/{version.number}/assignment-runs/{found.id}"
    return address, Run.of(model, found, repository.job_of(session, found))
