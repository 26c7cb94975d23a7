"""Routes of fits: new models, further versions, and cuts."""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter

from service.jobs.operations import JobPlan
from service.jobs.routes import JobResponderDep, job_responses
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
async def create_model(body: ModelCreate, jobs: JobResponderDep) -> Version | Job:
    """Create a model and fit its first version.

    Returns the version, or 202 with the job if the fit takes longer than `Prefer: wait`.
    """
    return await _fit(operations.plan_model, jobs, body.name, body.to_spec(), inherits=False)


@router.post(
    "/v1/models/{model}/versions",
    status_code=201,
    response_model=None,
    responses=job_responses(Version),
)
async def fit_again(model: ModelName, body: VersionCreate, jobs: JobResponderDep) -> Version | Job:
    """Fit a further version of a model.

    Absent parameters are inherited from the production version, or else from the newest ready one:
    kinds, logarithms and categories stay the same, and all learned numbers are recomputed. Returns
    the version, or 202 with the job if the fit takes longer than `Prefer: wait`.
    """
    return await _fit(operations.plan_version, jobs, model, body.to_spec(), inherits=True)


@router.post(
    "/v1/models/{model}/versions/{version}/cuts",
    status_code=201,
    response_model=None,
    responses=job_responses(Version),
)
async def cut_version(
    services: ServicesDep,
    model: TreeModelName,
    version: VersionRef,
    body: CutCreate,
    tenant: TenantDep,
    jobs: JobResponderDep,
) -> Version | Job:
    """Cut the tree of a hierarchical version into other segments.

    Creates a further version without fitting again; the segments of the two cuts are nested.
    Returns the version, or 202 with the job if the cut takes longer than `Prefer: wait`.
    """

    def plan(session: Session) -> JobPlan:
        ready = registry_operations.get_ready_version(session, tenant, model, version)
        return operations.plan_cut(
            session, services.stores, ready, body.to_cut(), services.settings
        )

    return await jobs.respond(plan, partial(_show, tenant))


async def _fit(
    plan: Callable[..., JobPlan],
    jobs: JobResponderDep,
    name: str,
    spec: operations.FitSpec,
    *,
    inherits: bool,
) -> Version | Job:
    """Start a fit, after the changes of its dataset are stored."""
    stores, tenant = jobs.services.stores, jobs.tenant
    return await jobs.respond(
        partial(plan, tenant=tenant, name=name, spec=spec, settings=jobs.services.settings),
        partial(_show, tenant),
        fold=partial(operations.fold_dataset, stores, tenant, spec, model=name, inherits=inherits),
    )


def _show(tenant: str, session: Session, result: JsonObject) -> tuple[str, Version]:
    model = registry.get_model(session, tenant, result["model"])
    version = registry.get_version(session, model, str(result["version"]))
    return f"/v1/models/{model.name}/versions/{version.number}", show_version(
        session, model, version
    )
