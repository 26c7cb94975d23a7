"""Fits: new models and further versions."""

from functools import partial

from fastapi import APIRouter

from service.jobs.operations import Plan
from service.jobs.routes import LaterDep, job_responses
from service.jobs.schemas import Job
from service.registry import operations as registry_operations
from service.registry import repository as registry
from service.registry.schemas import Version, show_version
from service.stores.database import JsonObject, Session
from service.training import operations
from service.training.schemas import CutCreate, ModelCreate, VersionCreate
from service.web.dependencies import ModelName, ServicesDep, TenantDep, TreeModelName, VersionRef

router = APIRouter(tags=["training"])


@router.post("/v1/models", status_code=201, response_model=None, responses=job_responses(Version))
async def create_model(body: ModelCreate, tenant: TenantDep, later: LaterDep) -> Version | Job:
    """Learn a new model; answers with its version 1, or with the job if that takes longer than you wait."""
    plan = partial(
        operations.plan_model, tenant=tenant, name=body.name, asked=body.asked(), settings=later.parts.settings
    )
    return await later.answer(plan, partial(_show, tenant))


@router.post("/v1/models/{model}/versions", status_code=201, response_model=None, responses=job_responses(Version))
async def fit_again(model: ModelName, body: VersionCreate, tenant: TenantDep, later: LaterDep) -> Version | Job:
    """Learn a further version of a model: kinds, logs and categories as before, all numbers anew."""
    plan = partial(
        operations.plan_version, tenant=tenant, name=model, asked=body.asked(), settings=later.parts.settings
    )
    return await later.answer(plan, partial(_show, tenant))


@router.post(
    "/v1/models/{model}/versions/{version}/cuts", status_code=201, response_model=None, responses=job_responses(Version)
)
async def cut_version(
    parts: ServicesDep, model: TreeModelName, version: VersionRef, body: CutCreate, tenant: TenantDep, later: LaterDep
) -> Version | Job:
    """Cut a version's tree anew, as a further version; no tree is grown, and the segments of the two cuts nest."""

    def plan(session: Session) -> Plan:
        ready = registry_operations.get_ready_version(session, tenant, model, version)
        return operations.plan_cut(session, parts.stores, ready, body.asked(), parts.settings)

    return await later.answer(plan, partial(_show, tenant))


def _show(tenant: str, session: Session, result: JsonObject) -> tuple[str, Version]:
    model = registry.get_model(session, tenant, result["model"])
    version = registry.get_version(session, model, str(result["version"]))
    return f"/v1/models/{model.name}/versions/{version.number}", show_version(session, model, version)
