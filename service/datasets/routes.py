"""Customer tables: put, list, look at, delete."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.datasets import operations, repository
from service.datasets.schemas import Dataset, Datasets
from service.web.dependencies import (
    BodyDep,
    ContentTypeDep,
    DatasetName,
    NewDatasetName,
    PageSize,
    PageToken,
    ReadDep,
    ServicesDep,
    TenantDep,
)
from service.web.formats import read_table
from service.web.openapi import TABLE_BODY
from service.web.paging import next_token, read_token

CustomerIdColumn = Annotated[
    str | None,
    Query(description="The column that names the customer. Absent: found by its header, or made up."),
]

router = APIRouter(tags=["datasets"])


@router.put(
    "/v1/datasets/{dataset}",
    responses={201: {"model": Dataset, "description": "The dataset is new"}},
    openapi_extra=TABLE_BODY,
)
def put_dataset(
    parts: ServicesDep,
    tenant: TenantDep,
    dataset: NewDatasetName,
    body: BodyDep,
    content_type: ContentTypeDep,
    response: Response,
    customer_id: CustomerIdColumn = None,
) -> Dataset:
    """Put a whole customer table, as JSON or CSV; what it held before stays readable as an older version."""
    raw = read_table(body, content_type)
    row, version = operations.replace_dataset(parts.stores, tenant, dataset, raw, customer_id=customer_id)
    response.status_code = 201 if version.version == 1 else 200
    return Dataset.of(row, version)


@router.get("/v1/datasets")
def list_datasets(
    session: ReadDep, tenant: TenantDep, page_size: PageSize = 100, page_token: PageToken = None
) -> Datasets:
    """List the datasets by name."""
    rows = repository.list_datasets(session, tenant, after=read_token(page_token), limit=page_size)
    shown = [Dataset.of(row, repository.get_version(session, row, row.version)) for row in rows]
    return Datasets(datasets=shown, next_page_token=next_token(rows, page_size, lambda row: row.name))


@router.get("/v1/datasets/{dataset}")
def get_dataset(session: ReadDep, tenant: TenantDep, dataset: DatasetName) -> Dataset:
    """Show a dataset: its columns, what they are taken for, and what looks odd."""
    row = repository.get_dataset(session, tenant, dataset)
    return Dataset.of(row, repository.get_version(session, row, row.version))


@router.delete("/v1/datasets/{dataset}", status_code=204)
def delete_dataset(
    parts: ServicesDep,
    tenant: TenantDep,
    dataset: DatasetName,
    *,
    force: Annotated[bool, Query(description="Delete it even if models learned from it.")] = False,
) -> None:
    """Delete a dataset and its table."""
    operations.delete_dataset(parts.stores, tenant, dataset, force=force)
