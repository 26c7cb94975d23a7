"""Writes without a running service, for processes that shall start quickly."""

import pyarrow as pa

from service.customers import operations as customers
from service.customers.encoder import encode_upsert
from service.idempotency.operations import IdempotentRequest
from service.web.formats import RawTable


def store_rows(stores, name: str, table: pa.Table, present=None, *, atomic: bool = True) -> None:
    """Upsert a table of raw cells, as another process would."""
    customers.upsert_customers(
        stores,
        "default",
        name,
        RawTable(table=table, present=present),
        atomic=atomic,
        once=IdempotentRequest(database=stores.database, sent=None),
        encode=encode_upsert,
    )
