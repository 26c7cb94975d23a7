"""Routes that assign customers to segments."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from service.assignments import operations
from service.assignments.encoder import encode_json, to_table
from service.assignments.inputs import CustomerBatch
from service.assignments.json_input import read_customers
from service.assignments.schemas import AssignmentResults
from service.registry.operations import PRODUCTION
from service.web.dependencies import ModelName, ReadDep, ServicesDep, TenantDep, VersionRef
from service.web.formats import is_json, read_patch
from service.web.formats.writers import JSON
from service.web.openapi import SAMPLE_ROW, table_request_body
from service.web.table_response import TABLE_ANSWER, ResponseFormatDep, TableResponse
from service.web.uploads import SmallUploadDep

Atomic = Annotated[bool, Query(description="Assign all customers, or none if any is invalid.")]
Explain = Annotated[
    bool,
    Query(description="Include the contribution of each feature to the assignment (JSON only)."),
]
ANSWER: dict[int | str, dict[str, Any]] = {200: {"model": AssignmentResults, **TABLE_ANSWER}}
BODY = table_request_body(
    "The customers: their id, as `customer_id` or under the name of the dataset's id column, and "
    "their features. Missing features are imputed and listed in the response; columns that the "
    "model does not use are ignored.",
    [SAMPLE_ROW],
)


def _customers(body: SmallUploadDep, services: ServicesDep) -> CustomerBatch:
    if is_json(body.content_type):
        return read_customers(body.file, body.bounds, max_depth=services.settings.json_depth)
    return CustomerBatch.of_table(
        read_patch(
            body.file, body.content_type, body.bounds, services.readers, reserve=body.reserve
        )
    )


NOUN = "assignments"
CustomersDep = Annotated[CustomerBatch, Depends(_customers)]

router = APIRouter(tags=["assignments"])


@router.post("/v1/models/{model}/assignments", responses=ANSWER, openapi_extra=BODY)
def assign_customers(
    services: ServicesDep,
    tenant: TenantDep,
    model: ModelName,
    customers: CustomersDep,
    session: ReadDep,  # after the body, so that no database connection is held while receiving it
    fmt: ResponseFormatDep,
    *,
    atomic: Atomic = False,
    explain: Explain = False,
) -> Response:
    """Assign customers to the segments of the production version."""
    ref = PRODUCTION
    return assign_customers_to_version(
        services, tenant, model, ref, customers, session, fmt, atomic=atomic, explain=explain
    )


@router.post(
    "/v1/models/{model}/versions/{version}/assignments", responses=ANSWER, openapi_extra=BODY
)
def assign_customers_to_version(
    services: ServicesDep,
    tenant: TenantDep,
    model: ModelName,
    version: VersionRef,
    customers: CustomersDep,
    session: ReadDep,
    fmt: ResponseFormatDep,
    *,
    atomic: Atomic = False,
    explain: Explain = False,
) -> Response:
    """Assign customers to the segments of one version."""
    loaded = operations.load_version(session, services.stores.scorers, tenant, model, version)
    batch = operations.assign_batch(loaded, customers, atomic=atomic, explain=explain)
    services.metrics.count_rows(customers.n_rows - len(batch.faults))
    if fmt == JSON:
        return Response(encode_json(batch), media_type=JSON.media_type)
    table = to_table(batch)
    return TableResponse(table.to_batches(), table.schema, fmt, noun=NOUN)
