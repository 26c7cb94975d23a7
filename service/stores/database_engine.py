"""SQLAlchemy engines for SQLite and PostgreSQL.

Connection settings, time-outs and classification of errors.
"""

import glob
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event, exc
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from service.storage.local import PRIVATE_MODE

BUSY_TIMEOUT_MS = 30_000
CHECKPOINT_TIMEOUT_MS = 1_000  # short, as a checkpoint that waits for readers blocks writers
POOL_TIMEOUT = 5  # seconds to wait for a pooled connection
POOL_SIZE = 5  # connections that stay open when idle
TIMEOUTS = {
    "connect_timeout": "3",
    "tcp_user_timeout": "10000",
}  # seconds; milliseconds without an acknowledgement
DISK_FULL: Final = "53100"  # SQLSTATE of PostgreSQL
LIMITS = {"statement_timeout": "60s", "lock_timeout": "30s"}


def open_engine(address: str, *, connections: int) -> Engine:
    """Create the engine for a database URL, without connecting."""
    url = make_url(address)
    return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url, connections)


def truncate_wal(engine: Engine) -> bool:
    """Checkpoint and truncate SQLite's write-ahead log; return False while others read or write.

    The log holds rows deleted since the last checkpoint. For PostgreSQL this does nothing.
    """
    if engine.dialect.name != "sqlite":
        return True
    with closing(engine.raw_connection()) as connection:
        connection.execute(f"PRAGMA busy_timeout={CHECKPOINT_TIMEOUT_MS}")
        try:
            [(busy, *_)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError:
            return False
        finally:
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    return not busy


def is_transient(error: Exception) -> bool:
    """Return whether a database error is transient, so that a retry may succeed."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, exc.TimeoutError)  # all connections are in use
    if isinstance(error.orig, sqlite3.Error):  # SQLITE_ERROR, such as a missing table, is a bug
        return (
            isinstance(error, OperationalError)
            and error.orig.sqlite_errorcode != sqlite3.SQLITE_ERROR
        )
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def is_disk_full(error: SQLAlchemyError) -> bool:
    """Return whether the database's disk is full."""
    original = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(original, sqlite3.Error):
        return original.sqlite_errorcode == sqlite3.SQLITE_FULL
    return getattr(original, "sqlstate", None) == DISK_FULL


def file_of(url: URL) -> Path | None:
    """Return the file of a SQLite database; None for other databases."""
    in_file = url.get_backend_name() == "sqlite" and url.database
    return Path(url.database) if in_file and url.database else None


def never_connected(error: SQLAlchemyError) -> bool:
    """Return whether connecting failed, as with a wrong host, file or password."""
    return isinstance(error, DBAPIError) and error.statement is None


def connection_lost(error: SQLAlchemyError) -> bool:
    """Return whether the connection was lost, so that the outcome of a commit is unknown."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _postgresql(url: URL, connections: int) -> Engine:
    limits = " ".join(f"-c {name}={value}" for name, value in LIMITS.items())
    query = dict(url.query)
    options = f"{limits} {query.pop('options', '')}".strip()
    return create_engine(
        url.set(query={**TIMEOUTS, **query, "options": options}),
        pool_pre_ping=True,
        pool_size=min(POOL_SIZE, connections),
        max_overflow=max(0, connections - POOL_SIZE),
        pool_timeout=POOL_TIMEOUT,
    )


def _sqlite(url: URL) -> Engine:
    if path := file_of(url):
        path.parent.mkdir(PRIVATE_MODE, parents=True, exist_ok=True)
        with suppress(OSError):  # another user owns the file, or it is read-only
            path.touch(0o600)  # SQLite creates its logs with the file's mode
            for file in path.parent.glob(f"{glob.escape(path.name)}*"):
                file.chmod(0o600)
    engine = create_engine(url)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's connection
    # Disables the driver's implicit transactions: `_begin` opens them.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
