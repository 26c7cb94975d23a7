"""The usual way to store single customers.

FastAPI, a sync route, SQLAlchemy upserting one row with a commit per request, SQLite that syncs;
what `bench writes` compares with.

Run as `python -m bench.plain_writes database.sqlite n_customers n_columns`; it prints its address.
"""

import socket
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Column, Engine, Float, MetaData, String, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert

ROWS_AT_ONCE = 10_000

app = FastAPI()


class Customers(BaseModel):
    """What is posted."""

    customers: list[dict[str, Any]]


@app.post("/v1/datasets/shop/customers")
def upsert(body: Customers) -> dict[str, int]:
    """Store each customer, and leave absent columns as they are."""
    table = app.state.table
    with app.state.engine.begin() as connection:
        for customer in body.customers:
            written = {name: cell for name, cell in customer.items() if name != "customer_id"}
            connection.execute(
                insert(table)
                .values(customer)
                .on_conflict_do_update(index_elements=["customer_id"], set_=written)
            )
    return {"stored": len(body.customers)}


def open_database(path: str, n_customers: int, n_columns: int) -> None:
    """Open a database with a table of that many customers."""
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _configure)
    numbers = [Column(f"f{n}", Float) for n in range(n_columns)]
    table = Table(
        "customers", MetaData(), Column("customer_id", String, primary_key=True), *numbers
    )
    table.metadata.create_all(engine)
    _fill(engine, table, n_customers, n_columns)
    app.state.engine, app.state.table = engine, table


def _configure(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's connection
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _fill(engine: Engine, table: Table, n_customers: int, n_columns: int) -> None:
    with engine.begin() as connection:
        for start in range(0, n_customers, ROWS_AT_ONCE):
            numbers = range(start, min(start + ROWS_AT_ONCE, n_customers))
            connection.execute(
                table.insert(),
                [
                    {"customer_id": f"c{n:08}", **{f"f{i}": n / 7 + i for i in range(n_columns)}}
                    for n in numbers
                ],
            )


def main(path: str, n_customers: str, n_columns: str) -> None:
    """Serve a table on a free port."""
    open_database(path, int(n_customers), int(n_columns))
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error")).run([listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
