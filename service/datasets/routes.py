"""Routes of datasets: upload, list, retrieve, summarize, change columns, delete."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date as day
from typing import Annotated, Final, Literal

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BeforeValidator, ValidationError

from models.transactions import TransactionColumns
from service.datasets import operations, repository, transactions
from service.datasets.operations import Declarations
from service.datasets.schemas import (
    ColumnChanges,
    Dataset,
    DatasetList,
    DatasetSummary,
    TransactionsAdded,
)
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

ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


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


def _check_iso_day(text: object) -> object:
    if isinstance(text, str) and not ISO_DAY.fullmatch(text):
        raise ValueError("must be a day such as 2026-01-31")
    return text


Day = Annotated[day, BeforeValidator(_check_iso_day)]


def _recipe(
    shape: Annotated[
        Literal["customers", "transactions"],
        Query(description="Whether a row of the table is a customer or a transaction."),
    ] = "customers",
    customer: Annotated[
        str | None,
        Query(description="Transactions only, required: the column with the customer ids."),
    ] = None,
    date: Annotated[
        str | None, Query(description="Transactions only, required: the column with the dates.")
    ] = None,
    amount: Annotated[
        str | None,
        Query(description="Transactions only: the column with the amounts, if the table has one."),
    ] = None,
    order: Annotated[
        str | None,
        Query(
            description="Transactions only: the column with the order numbers, if rows are order "
            "lines. By default each row is an order."
        ),
    ] = None,
    returned: Annotated[
        str | None,
        Query(
            description="Transactions only: the column that marks returns by yes or true, by 1 "
            "among 0 and 1, or by a negative number. By default negative amounts are returns."
        ),
    ] = None,
    reference: Annotated[
        Day | None,
        Query(
            description="Transactions only: the day from which recency counts back. Defaults to "
            "the newest "
            "plausible date."
        ),
    ] = None,
) -> TransactionColumns | None:
    if shape == "customers":
        named = {
            "customer": customer,
            "date": date,
            "amount": amount,
            "order": order,
            "returned": returned,
        }
        _reject_transaction_parameters({**named, "reference": reference})
        return None
    if customer is None or date is None:
        faults = [
            FieldError(detail=f"query parameter {name}: is missing")
            for name in ("customer", "date")
        ]
        raise InvalidRequest(
            "With shape=transactions, the columns of the customer and of the date are required",
            errors=faults,
        )
    return TransactionColumns(
        customer=customer,
        date=date,
        amount=amount,
        order=order,
        returned=returned,
        reference=reference.isoformat() if reference else None,
    )


def _reject_transaction_parameters(named: Mapping[str, object]) -> None:
    """Raise InvalidRequest if a parameter of transactions is set for a table of customers."""
    faults = [
        FieldError(detail=f"query parameter {name}: is only allowed with shape=transactions")
        for name, value in named.items()
        if value is not None
    ]
    if faults:
        raise InvalidRequest(
            "The parameters belong to a table of transactions; send shape=transactions with them",
            errors=faults,
        )


RecipeDep = Annotated[TransactionColumns | None, Depends(_recipe)]
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

    def add(keep: Keep[transactions.TransactionsResult]) -> transactions.TransactionsResult:
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
