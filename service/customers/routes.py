"""Routes of customers: upsert, list, retrieve, erase."""

from functools import partial
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, BackgroundTasks, Path, Query, Response

from service.assignments.operations import load_version
from service.customers import change_feed, operations
from service.customers.change_feed import LATEST
from service.customers.encoder import encode_upsert
from service.customers.schemas import (
    ChangeList,
    CustomerList,
    StoredCustomer,
    Upsert,
    show_change,
)
from service.datasets import erasure, stored_customers, stored_versions
from service.datasets.dataset_schema import stored_schema
from service.idempotency.dependencies import IdempotencyDep
from service.jobs import operations as jobs
from service.registry.operations import PRODUCTION
from service.stores.tables import Rows
from service.web.dependencies import (
    DatasetName,
    OrdersName,
    PageSize,
    PageToken,
    ReadDep,
    ServicesDep,
    TenantDep,
)
from service.web.formats import read_patch
from service.web.openapi import TABLE_BODY
from service.web.pagination import (
    decode_change_cursor,
    decode_row_cursor,
    encode_change_cursor,
    encode_row_cursor,
)
from service.web.schemas import NAME
from service.web.table_response import (
    TABLE_ANSWER,
    ResponseFormatDep,
    TableResponse,
    table_response,
)
from service.web.uploads import UploadDep

Atomic = Annotated[bool, Query(description="Reject the whole batch if any row is invalid.")]

CustomerId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=256,
        description="The customer's id. It may contain slashes.",
        examples=["1"],
    ),
]
AssignModel = Annotated[
    str | None,
    Query(
        pattern=NAME,
        description="Assign each stored customer by the production version of this model.",
    ),
]
After = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Only the changes after this cursor, the `after` of an earlier response; "
        "`latest`: none, to begin with. By default, the oldest ones that are kept.",
        examples=[LATEST],
    ),
]
LIST_RESPONSE: dict[int | str, dict[str, Any]] = {200: {"model": CustomerList, **TABLE_ANSWER}}

router = APIRouter(tags=["customers"])


@router.post("/v1/datasets/{dataset}/customers", openapi_extra=TABLE_BODY, response_model=Upsert)
def upsert_customers(
    services: ServicesDep,
    tenant: TenantDep,
    dataset: DatasetName,
    body: UploadDep,
    once: IdempotencyDep,
    *,
    atomic: Atomic = False,
    assign: AssignModel = None,
) -> Response:
    """Insert or update customers.

    Customers are matched by their ids. Absent fields and columns keep their stored values; empty
    ones are cleared. With `assign`, each result has the segment of the customer as now stored.
    """
    stores, version = services.stores, None
    if assign is not None:
        with stores.database.reading() as session:
            version = load_version(session, stores.scorers, tenant, assign, PRODUCTION)
    patch = read_patch(
        body.file, body.content_type, body.bounds, services.readers, reserve=body.reserve
    )
    answer = operations.upsert_customers(
        stores,
        tenant,
        dataset,
        patch,
        atomic=atomic,
        once=once,
        encode=encode_upsert,
        version=version,
    )
    return Response(answer, media_type="application/json")


@router.get("/v1/datasets/{dataset}/customers", responses=LIST_RESPONSE)
def list_customers(
    services: ServicesDep,
    session: ReadDep,
    tenant: TenantDep,
    dataset: DatasetName,
    fmt: ResponseFormatDep,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> TableResponse:
    """List the customers of a dataset.

    Returns the stored rows. JSON is paginated; all other formats contain the whole table.
    """
    number, seq, start = decode_row_cursor(page_token)
    at = stored_versions.find_at(session, tenant, dataset, number)
    seq = at.dataset.seq if seq is None else seq
    batches = stored_customers.list_customers(services.stores, at, seq=seq, start=start)
    token = partial(_next_token, at.version.version, seq, start)
    rows = Rows(schema=stored_schema(at.version), batches=batches)
    return table_response(rows, fmt, noun="customers", size=page_size, token=token)


@router.get("/v1/datasets/{dataset}/customers/{customer_id:path}")
def get_customer(
    services: ServicesDep, tenant: TenantDep, dataset: DatasetName, customer_id: CustomerId
) -> StoredCustomer:
    """Retrieve a customer."""
    row, customer = operations.find_customer(services.stores, tenant, dataset, customer_id)
    return StoredCustomer(
        dataset=row.name,
        dataset_version=row.version,
        customer_id=customer_id,
        customer=customer,
    )


@router.delete("/v1/datasets/{dataset}/customers/{customer_id:path}", status_code=204)
def erase_customer(
    services: ServicesDep,
    tenant: TenantDep,
    dataset: OrdersName,
    customer_id: CustomerId,
    response: Response,
    background: BackgroundTasks,
) -> None:
    """Erase a customer.

    The customer is unreadable at once. The job in the header `X-Job` removes the data from disk.
    """
    job = erasure.erase_customer(services.stores, tenant, dataset, customer_id)
    background.add_task(jobs.dispatch, services.stores.database, services.engine)
    response.headers["X-Job"] = job.id


@router.get("/v1/datasets/{dataset}/changes")
def list_changes(
    session: ReadDep,
    tenant: TenantDep,
    dataset: DatasetName,
    page_size: PageSize = 100,
    after: After = None,
) -> ChangeList:
    """List the changes of a dataset.

    Which customers were written or deleted since the cursor `after`, in order. Begin with
    `after=latest`, list all customers, then follow the changes with the `after` of each response.
    """
    if after == LATEST:
        page = change_feed.skip_changes(session, tenant, dataset)
    else:
        cursor = decode_change_cursor(after)
        page = change_feed.list_changes(session, tenant, dataset, cursor, limit=page_size)
    return ChangeList(
        dataset=page.dataset.name,
        changes=[show_change(change) for change in page.changes],
        after=encode_change_cursor(page.dataset.id, page.seq),
        more=page.has_more,
    )


def _next_token(version: int, seq: int, start: int, page: pa.Table) -> str:
    return encode_row_cursor(version, start + page.num_rows, seq=seq)
