"""Answers which segment a customer is in."""

from typing import Annotated

from fastapi import APIRouter, Query

from service.assignments import operations
from service.assignments.schemas import AssignmentRequest, Assignments
from service.registry.operations import PRODUCTION
from service.web.dependencies import ModelName, ReadDep, ServicesDep, TenantDep, VersionRef

Atomic = Annotated[bool, Query(description="Place all customers, or none if any is bad.")]
Explain = Annotated[bool, Query(description="Say how much each feature speaks for the segment.")]


router = APIRouter(tags=["assignments"])


@router.post("/v1/models/{model}/assignments", response_model_exclude_defaults=True)
def assign_customers(
    session: ReadDep,
    parts: ServicesDep,
    tenant: TenantDep,
    model: ModelName,
    body: AssignmentRequest,
    *,
    atomic: Atomic = False,
    explain: Explain = False,
) -> Assignments:
    """Place customers in the segments of the production version."""
    return assign_customers_to_version(session, parts, tenant, model, PRODUCTION, body, atomic=atomic, explain=explain)


@router.post("/v1/models/{model}/versions/{version}/assignments", response_model_exclude_defaults=True)
def assign_customers_to_version(
    session: ReadDep,
    parts: ServicesDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
    body: AssignmentRequest,
    *,
    atomic: Atomic = False,
    explain: Explain = False,
) -> Assignments:
    """Place customers in the segments of one version."""
    placer = operations.open_version(session, parts.stores.scorers, tenant, model, version)
    return Assignments.of(operations.place_customers(placer, body.customers, atomic=atomic, explain=explain))
