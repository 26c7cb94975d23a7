"""Customer tables: put, list, look at, delete."""

import re
from collections.abc import Mapping
from datetime import date as day
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BeforeValidator, ValidationError

from models.transactions import TransactionColumns
from service.datasets import operations, repository, transactions
from service.datasets.operations import Declarations
from service.datasets.schemas import ColumnChanges, Dataset, DatasetList, DatasetSummary, TransactionsAdded
from service.errors import FieldError, InvalidRequest
from service.idempotency.dependencies import IdempotencyDep, Keep
from service.web.dependencies import (
    DatasetName,
    NewDatasetName,
    OrdersName,
    PageSize,
    PageToken,
    ReadDep,
    ServicesDep,
    TenantDep,
)
from service.web.formats import read_table
from service.web.openapi import TABLE_BODY, TRANSACTIONS_BODY
from service.web.pagination import decode_cursor, next_cursor
from service.web.uploads import UploadDep

ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def _declared(
    customer_id: Annotated[
        str | None,
        Query(description="The column that names the customer. Absent: found by its header, or made up."),
    ] = None,
    schema: Annotated[
        str | None,
        Query(
            description="How columns shall be read, as JSON: the body that PATCH takes.",
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
        faults = [f"query parameter schema: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise InvalidRequest("The schema cannot be read", errors=[FieldError(detail=each) for each in faults]) from None


DeclaredDep = Annotated[Declarations, Depends(_declared)]


def _iso(text: object) -> object:
    if isinstance(text, str) and not ISO_DAY.fullmatch(text):
        raise ValueError("must be a day such as 2026-01-31")
    return text


Day = Annotated[day, BeforeValidator(_iso)]


def _recipe(
    shape: Annotated[
        Literal["customers", "transactions"],
        Query(description="What a row is: a customer, or a transaction of one."),
    ] = "customers",
    customer: Annotated[str | None, Query(description="Of transactions: the column that names the customer.")] = None,
    date: Annotated[str | None, Query(description="Of transactions: the column of the date.")] = None,
    amount: Annotated[
        str | None, Query(description="Of transactions: the column of the amount, if there is one.")
    ] = None,
    order: Annotated[
        str | None,
        Query(
            description="Of transactions: the column with the number of the order, whose lines the rows are. Absent: "
            "each row is an order."
        ),
    ] = None,
    returned: Annotated[
        str | None,
        Query(
            description="Of transactions: the column that marks returns, by yes or true, 1 of 0 and 1, or a negative "
            "number. Negative amounts are returns without it."
        ),
    ] = None,
    reference: Annotated[
        Day | None,
        Query(
            description="Of transactions: the day from which recency counts back. Absent: the newest plausible date."
        ),
    ] = None,
) -> TransactionColumns | None:
    if shape == "customers":
        named = {"customer": customer, "date": date, "amount": amount, "order": order, "returned": returned}
        _refuse_without_transactions({**named, "reference": reference})
        return None
    if customer is None or date is None:
        faults = [FieldError(detail=f"query parameter {name}: is missing") for name in ("customer", "date")]
        raise InvalidRequest(
            "Of transactions, the columns of the customer and of the date must be named", errors=faults
        )
    return TransactionColumns(
        customer=customer,
        date=date,
        amount=amount,
        order=order,
        returned=returned,
        reference=reference.isoformat() if reference else None,
    )


def _refuse_without_transactions(named: Mapping[str, object]) -> None:
    """Refuse what only transactions have, where customers are put: it would count for nothing."""
    faults = [
        FieldError(detail=f"query parameter {name}: counts with shape=transactions only")
        for name, value in named.items()
        if value is not None
    ]
    if faults:
        raise InvalidRequest("The table is put as one of customers; send shape=transactions", errors=faults)


RecipeDep = Annotated[TransactionColumns | None, Depends(_recipe)]
Atomic = Annotated[bool, Query(description="Take all rows, or none if any is bad.")]

DatasetVersion = Annotated[
    int | None,
    Query(ge=1, lt=2**31, description="A version of the dataset. Absent: the newest."),
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
    body: UploadDep,
    response: Response,
    declared: DeclaredDep,
    recipe: RecipeDep,
) -> Dataset:
    """Put a whole table, in any format; what the dataset held before stays readable as an older version.

    With `shape=transactions` the table holds one row for each purchase: customers are made of them.
    """
    raw = read_table(body.file, body.content_type, body.bounds, parts.readers)
    if recipe is None:
        row, version = operations.replace_dataset(parts.stores, tenant, dataset, raw, declared)
    else:
        row, version = transactions.put_transactions(parts.stores, (tenant, dataset), raw, recipe, declared)
    response.status_code = 201 if version.version == 1 else 200
    return Dataset.of(row, version)


@router.get("/v1/datasets")
def list_datasets(
    session: ReadDep, tenant: TenantDep, page_size: PageSize = 100, page_token: PageToken = None
) -> DatasetList:
    """List the datasets by name."""
    rows = repository.list_datasets(session, tenant, after=decode_cursor(page_token), limit=page_size)
    shown = [Dataset.of(row, repository.get_version(session, row, row.version)) for row in rows]
    return DatasetList(datasets=shown, next_page_token=next_cursor(rows, page_size, lambda row: row.name))


@router.get("/v1/datasets/{dataset}")
def get_dataset(session: ReadDep, tenant: TenantDep, dataset: DatasetName) -> Dataset:
    """Show a dataset: its columns, what they are taken for, and what looks odd."""
    row = repository.get_dataset(session, tenant, dataset)
    return Dataset.of(row, repository.get_version(session, row, row.version))


@router.get("/v1/datasets/{dataset}/summary")
def summarize_dataset(
    parts: ServicesDep, tenant: TenantDep, dataset: DatasetName, dataset_version: DatasetVersion = None
) -> DatasetSummary:
    """Explore a dataset: how each column is spread, how the columns hang together, what to do about what is odd."""
    found = operations.summarize_dataset(parts.stores, tenant, dataset, version=dataset_version)
    return DatasetSummary.of(*found)


@router.post("/v1/datasets/{dataset}/transactions", openapi_extra=TRANSACTIONS_BODY)
def add_transactions(
    parts: ServicesDep,
    tenant: TenantDep,
    dataset: OrdersName,
    body: UploadDep,
    once: IdempotencyDep,
    *,
    atomic: Atomic = False,
) -> TransactionsAdded:
    """Add transactions to those that a dataset is made of; its customers are described anew."""

    def act(keep: Keep[transactions.Added]) -> transactions.Added:
        raw = read_table(body.file, body.content_type, body.bounds, parts.readers)
        return transactions.add_transactions(parts.stores, tenant, dataset, raw, atomic=atomic, keep=keep)

    return once.answer(act, TransactionsAdded.of, TransactionsAdded)


@router.patch("/v1/datasets/{dataset}")
def change_columns(parts: ServicesDep, tenant: TenantDep, dataset: DatasetName, body: ColumnChanges) -> Dataset:
    """Change how columns are read: their kinds, and what stands for a missing value."""
    return Dataset.of(*operations.change_columns(parts.stores, tenant, dataset, body.overrides()))


@router.delete("/v1/datasets/{dataset}", status_code=204)
def delete_dataset(
    parts: ServicesDep,
    tenant: TenantDep,
    dataset: NewDatasetName,
    *,
    force: Annotated[bool, Query(description="Delete it even if models learned from it.")] = False,
) -> None:
    """Delete a dataset and its table."""
    operations.delete_dataset(parts.stores, tenant, dataset, force=force)
