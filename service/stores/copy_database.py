"""Copy of all metadata from one database into another, such as from SQLite into PostgreSQL."""

from sqlalchemy import Connection, Table, func, insert, select

from service.errors import Conflict
from service.stores.database import Base, Database

BATCH_ROWS = 1000


def copy_rows(source: Database, target: Database) -> int:
    """Copy all rows into a database with the same schema and no rows; return their number."""
    with source.engine.connect() as reading, target.engine.begin() as writing:
        return sum(_copy(table, reading, writing) for table in Base.metadata.sorted_tables)


def _copy(table: Table, reading: Connection, writing: Connection) -> int:
    if writing.execute(select(table).limit(1)).first() is not None:
        raise Conflict(f"The database already has rows in {table.name}")
    n_rows = 0
    for rows in reading.execute(select(table)).mappings().partitions(BATCH_ROWS):
        writing.execute(insert(table), [dict(row) for row in rows])
        n_rows += len(rows)
    _advance_sequence(table, writing)
    return n_rows


def _advance_sequence(table: Table, writing: Connection) -> None:
    """Advance PostgreSQL's sequence past the copied ids."""
    column = table.autoincrement_column
    if column is None or writing.dialect.name != "postgresql":
        return
    greatest = select(func.max(column)).scalar_subquery()
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    writing.execute(
        select(func.setval(sequence, greatest)).where(greatest.is_not(None), sequence.is_not(None))
    )
