"""Routes of datasets: upload, list, retrieve, summarize, change columns, delete."""

from dataclasses import replace
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Response
from pydantic import ValidationError

from service.datasets import operations, repository
from service.datasets.operations import Declarations
from service.datasets.schemas import (
    ColumnChanges,
    Dataset,
    DatasetList,
    DatasetSummary,
)
from service.datasets.transactions import operations as transactions
from service.datasets.transactions.dependencies import RecipeDep
from service.datasets.transactions.operations import TransactionsResult
from service.datasets.transactions.schemas import TransactionsAdded
from service.errors import FieldError, InvalidRequest
from service.idempotency.dependencies import IdempotencyDep
from service.idempotency.operations import Keep
from service.web.dependencies import (
    DatasetName,
    NewDatasetName,
    OrdersName,
    PageSize,
    PageToken,
    ReadDep,
    Services,
    ServicesDep,
    TenantDep,
)
from service.web.formats import read_table
from service.web.openapi import TABLE_BODY, TRANSACTIONS_BODY
from service.web.pagination import decode_cursor, next_cursor
from service.web.uploads import Upload, UploadDep


def _declared(
    customer_id: Annotated[
        str | None,
        Query(
            description="The column with the customer ids. By default it is detected by its "
            "header; without one, "
            "ids are generated."
        ),
    ] = None,
    schema: Annotated[
        str | None,
        Query(
            description="How to read columns, as JSON in the format of the PATCH body.",
            examples=['{"columns": {"Age": {"kind": "numeric", "missing": ["unknown"]}}}'],
        ),
    ] = None,
) -> Declarations:
    changes = ColumnChanges(columns={}) if schema is None else _read_schema(schema)
    return Declarations(customer_id=customer_id, columns=changes.overrides())


def _read_schema(text: str) -> ColumnChanges:
    try:
        return ColumnChanges.model_validate_json(text)
    except ValidationError as error:
        faults = [
            f"query parameter schema: {'.'.join(map(str, e['loc']))}: {e['msg']}"
            for e in error.errors()
        ]
        raise InvalidRequest(
            "The schema cannot be read", errors=[FieldError(detail=each) for each in faults]
        ) from None


DeclaredDep = Annotated[Declarations, Depends(_declared)]


Atomic = Annotated[bool, Query(description="Reject the whole batch if any row is invalid.")]

DatasetVersion = Annotated[
    int | None,
    Query(ge=1, lt=2**31, description="A version of the dataset. Defaults to the newest."),
]


def _read_table(body: Upload, services: Services, warnings: list[str]) -> pa.Table:
    return read_table(
        body.file,
        body.content_type,
        body.bounds,
        services.readers,
        warnings.append,
        reserve=body.reserve,
    )


router = APIRouter(tags=["datasets"])


@router.put(
    "/v1/datasets/{dataset}",
    responses={201: {"model": Dataset, "description": "The dataset is new"}},
    openapi_extra=TABLE_BODY,
)
def put_dataset(
    services: ServicesDep,
    tenant: TenantDep,
    dataset: NewDatasetName,
    body: UploadDep,
    response: Response,
    declared: DeclaredDep,
    recipe: RecipeDep,
) -> Dataset:
    """Create or replace a dataset.

    Upload the whole table in any of the formats. An existing dataset gets a new version; older
    versions stay readable. With `shape=transactions` each row is a purchase, and the service
    computes the customers from them.
    """
    warnings: list[str] = []
    raw = _read_table(body, services, warnings)
    declarations = replace(declared, warnings=warnings)
    if recipe is None:
        row, version = operations.replace_dataset(
            services.stores, tenant, dataset, raw, declarations
        )
    else:
        row, version = transactions.put_transactions(
            services.stores, (tenant, dataset), raw, recipe, declarations
        )
    response.status_code = 201 if version.version == 1 else 200
    return Dataset.of(row, version)


@router.get("/v1/datasets")
def list_datasets(
    session: ReadDep, tenant: TenantDep, page_size: PageSize = 100, page_token: PageToken = None
) -> DatasetList:
    """List all datasets, ordered by name."""
    rows = repository.list_datasets(
        session, tenant, after=decode_cursor(page_token), limit=page_size
    )
    shown = [Dataset.of(row, repository.get_newest_version(session, row)) for row in rows]
    return DatasetList(
        datasets=shown, next_page_token=next_cursor(rows, page_size, lambda row: row.name)
    )


@router.get("/v1/datasets/{dataset}")
def get_dataset(session: ReadDep, tenant: TenantDep, dataset: DatasetName) -> Dataset:
    """Retrieve a dataset.

    Returns the kind of each column as the service inferred it, and warnings about the data.
    """
    row = repository.get_dataset(session, tenant, dataset)
    return Dataset.of(row, repository.get_newest_version(session, row))


@router.get("/v1/datasets/{dataset}/summary")
def summarize_dataset(
    services: ServicesDep,
    tenant: TenantDep,
    dataset: DatasetName,
    dataset_version: DatasetVersion = None,
) -> DatasetSummary:
    """Summarize a dataset.

    Returns the distribution of each column, the correlations between columns, and data quality
    warnings with advice.
    """
    found = operations.summarize_dataset(services.stores, tenant, dataset, version=dataset_version)
    return DatasetSummary.of(*found)


@router.post(
    "/v1/datasets/{dataset}/transactions",
    openapi_extra=TRANSACTIONS_BODY,
    response_model=TransactionsAdded,
)
def add_transactions(
    services: ServicesDep,
    tenant: TenantDep,
    dataset: OrdersName,
    body: UploadDep,
    once: IdempotencyDep,
    *,
    atomic: Atomic = False,
) -> Response:
    """Add transactions to a dataset.

    The dataset must have been uploaded with `shape=transactions`. Its customers are recomputed as a
    new version.
    """

    def add(keep: Keep[TransactionsResult]) -> TransactionsResult:
        warnings: list[str] = []
        raw = _read_table(body, services, warnings)
        return transactions.add_transactions(
            services.stores, tenant, dataset, raw, atomic=atomic, warnings=warnings, keep=keep
        )

    answer = once.respond(add, lambda done: TransactionsAdded.of(done).model_dump_json().encode())
    return Response(answer, media_type="application/json")


@router.patch("/v1/datasets/{dataset}")
def change_columns(
    services: ServicesDep, tenant: TenantDep, dataset: DatasetName, body: ColumnChanges
) -> Dataset:
    """Change how columns are read.

    Sets the kind, the markers of missing values or the number format of columns, and writes a new
    version.
    """
    return Dataset.of(
        *operations.change_columns(services.stores, tenant, dataset, body.overrides())
    )


@router.delete("/v1/datasets/{dataset}", status_code=204)
def delete_dataset(
    services: ServicesDep,
    tenant: TenantDep,
    dataset: NewDatasetName,
    *,
    force: Annotated[
        bool, Query(description="Delete the dataset even if models learned from it.")
    ] = False,
) -> None:
    """Delete a dataset with all its versions.

    Answers 409 if models learned from it, unless `force` is set.
    """
    operations.delete_dataset(services.stores, tenant, dataset, force=force)
