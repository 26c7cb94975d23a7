"""How each kind of database is reached: what is set on a connection, and how long anything is waited for."""

import glob
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event, exc
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from service.storage.local import OURS_ALONE

BUSY_TIMEOUT_MS = 30_000
LOG_TIMEOUT_MS = 1_000  # writers wait while readers are waited for
POOL_TIMEOUT = 5  # seconds to wait for a connection that others use
KEPT_OPEN = 5  # connections that stay open between requests
TIMEOUTS = {"connect_timeout": "3", "tcp_user_timeout": "10000"}  # seconds; milliseconds without an acknowledgement
DISK_FULL: Final = "53100"  # as PostgreSQL numbers it
LIMITS = {"statement_timeout": "60s", "lock_timeout": "30s"}


def open_engine(address: str, *, connections: int) -> Engine:
    """Open the database at an address; no connection is made yet."""
    url = make_url(address)
    return _sqlite(url) if url.get_backend_name() == "sqlite" else _server(url, connections)


def empty_log(engine: Engine) -> bool:
    """Move what SQLite has written ahead into its file, and empty the log; False while others read or write.

    In the log stands what was deleted since. A server keeps its own log to itself.
    """
    if engine.dialect.name != "sqlite":
        return True
    with closing(engine.raw_connection()) as connection:
        connection.execute(f"PRAGMA busy_timeout={LOG_TIMEOUT_MS}")
        try:
            [(busy, *_)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError:
            return False
        finally:
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    return not busy


def is_transient(error: Exception) -> bool:
    """Tell whether a database did not do what it was asked because of how it is at the moment."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, exc.TimeoutError)  # all connections are in use
    if isinstance(error.orig, sqlite3.Error):  # its plain error, as of a missing table, is a fault of ours
        return isinstance(error, OperationalError) and error.orig.sqlite_errorcode != sqlite3.SQLITE_ERROR
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def is_out_of_room(error: SQLAlchemyError) -> bool:
    """Tell whether the disk of a database is full."""
    original = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(original, sqlite3.Error):
        return original.sqlite_errorcode == sqlite3.SQLITE_FULL
    return getattr(original, "sqlstate", None) == DISK_FULL


def file_of(url: URL) -> Path | None:
    """Return the file that a SQLite database is kept in; None for any other."""
    in_file = url.get_backend_name() == "sqlite" and url.database
    return Path(url.database) if in_file and url.database else None


def never_connected(error: SQLAlchemyError) -> bool:
    """Tell whether there never was a connection, as what the address names is no database, or takes none like this."""
    return isinstance(error, DBAPIError) and error.statement is None


def connection_lost(error: SQLAlchemyError) -> bool:
    """Tell whether the connection broke, so that nobody knows what became of a commit."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _server(url: URL, connections: int) -> Engine:
    limits = " ".join(f"-c {name}={value}" for name, value in LIMITS.items())
    given = dict(url.query)
    options = f"{limits} {given.pop('options', '')}".strip()
    return create_engine(
        url.set(query={**TIMEOUTS, **given, "options": options}),
        pool_pre_ping=True,
        pool_size=min(KEPT_OPEN, connections),
        max_overflow=max(0, connections - KEPT_OPEN),
        pool_timeout=POOL_TIMEOUT,
    )


def _sqlite(url: URL) -> Engine:
    if path := file_of(url):
        path.parent.mkdir(OURS_ALONE, parents=True, exist_ok=True)
        _make_private(path)
    engine = create_engine(url)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _make_private(path: Path) -> None:
    """Let nobody else of this machine read the database's file, nor the logs beside it, which are made like it."""
    with suppress(OSError):  # whoever owns it has decided, or it cannot be written to at all
        path.touch(0o600)
        for file in path.parent.glob(f"{glob.escape(path.name)}*"):
            file.chmod(0o600)


def _configure(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.isolation_level = None  # the driver opens no transactions of its own: _begin does
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
