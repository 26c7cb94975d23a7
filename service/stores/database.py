"""Database of the metadata: SQLite in WAL mode or PostgreSQL."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import JSON, DateTime, MetaData, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from service.errors import StorageFull, Unavailable
from service.storage import has_free_space
from service.stores import migrations
from service.stores.database_engine import (
    connection_lost,
    file_of,
    is_disk_full,
    is_transient,
    never_connected,
    open_engine,
    truncate_wal,
)

__all__ = ["Base", "Database", "DatabaseUnavailable", "JsonList", "JsonObject", "Session", "now"]

MIGRATION_LOCK = 7_340_033
CONNECTIONS: Final = 20
ATTEMPTS: Final = 10
MIN_BACKOFF: Final = 0.1
MAX_BACKOFF: Final = 10.0
POLL_INTERVAL: Final = 0.5

State = Literal["ok", "unavailable", "not-migrated", "full"]
Result = TypeVar("Result")

JsonObject = dict[str, Any]
JsonList = list[Any]
JSON_COLUMN = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """Column type of timezone-aware times in UTC; SQLite stores them without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class Base(DeclarativeBase):
    """Declarative base of all tables."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        },
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        datetime: UtcDateTime,
        JsonObject: JSON_COLUMN,
        JsonList: JSON_COLUMN,
    }


class DatabaseUnavailable(Unavailable):
    """The metadata's database cannot be reached at the moment; try again shortly."""


class Database:
    """Sessions on the metadata; each is one transaction, committed if its block raises nothing."""

    def __init__(
        self,
        address: str,
        *,
        connections: int = CONNECTIONS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.engine = open_engine(address, connections=connections)
        self._sleep = sleep
        # SQLite allows one writer: a transaction that asks for the write lock only at its first
        # write may fail there.
        self._writer = self.engine.execution_options(begin="BEGIN IMMEDIATE")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a read-only session."""
        with _unavailable_when_away(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that may write.

        Commits at the end of the block, rolls back on any error.
        """
        with (
            _unavailable_when_away(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def write(self, act: Callable[[Session], Result], *, repeatable: bool = False) -> Result:
        """Run `act` in a transaction.

        Retry with exponential backoff after a deadlock or a lost connection.

        An unacknowledged commit may have succeeded, so it is retried only if `repeatable`.
        """
        for attempt in range(ATTEMPTS - 1):
            try:
                return self._write_once(act, repeatable=repeatable)
            except _RolledBack:
                self._sleep(_backoff(attempt))
        with self.writing() as session:
            return act(session)

    def _write_once(self, act: Callable[[Session], Result], *, repeatable: bool) -> Result:
        committing = False
        try:
            with Session(self._writer, expire_on_commit=False) as session, session.begin():
                result = act(session)
                session.flush()
                committing = True
        except SQLAlchemyError as error:
            if not is_transient(error):
                raise
            if committing and connection_lost(error) and not repeatable:
                raise DatabaseUnavailable from error
            raise _RolledBack from error
        return result

    def migrate(self) -> bool:
        """Upgrade the schema to the newest revision; return True if the database was empty.

        A newer one is kept.
        """
        with _unavailable_when_away(), self._writer.begin() as connection:
            if (
                connection.dialect.name == "postgresql"
            ):  # processes may start at once; SQLite has one writer
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            return migrations.upgrade(connection)

    def state(self) -> State:
        """Return whether the database can be reached, is migrated and has free disk space."""
        try:
            with self.engine.connect() as connection:
                newest = migrations.is_newest(connection)
        except SQLAlchemyError:
            return "unavailable"
        if not newest:
            return "not-migrated"
        path = file_of(self.engine.url)
        return "ok" if path is None or has_free_space(path) else "full"

    def forget_deleted(self, *, attempts: int = ATTEMPTS) -> None:
        """Truncate SQLite's write-ahead log, which holds deleted rows.

        Raises DatabaseUnavailable while it is read.
        """
        for attempt in range(attempts):
            with _unavailable_when_away():
                if truncate_wal(self.engine):
                    return
            self._sleep(_backoff(attempt))
        raise DatabaseUnavailable

    def close(self) -> None:
        """Close all connections.

        Idle ones at once, those in use when their threads return them to the pool.
        """
        event.listen(self.engine, "checkin", _invalidate)
        self.engine.dispose()


def now() -> datetime:
    return datetime.now(UTC)


def wait_until_available(act: Callable[[], Result], *, seconds: float = 30.0) -> Result:
    """Call `act` until the database can be reached, for `seconds` at most."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return act()
        except DatabaseUnavailable:
            if time.monotonic() >= deadline:
                raise
        time.sleep(POLL_INTERVAL)


def _invalidate(_connection: object, pooled: ConnectionPoolEntry) -> None:
    pooled.invalidate()


class _RolledBack(Exception):
    """A transaction was rolled back because of a transient error."""


@contextmanager
def _unavailable_when_away() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        if is_disk_full(error):
            raise StorageFull from error
        if is_transient(error) or never_connected(error):
            raise DatabaseUnavailable from error
        raise


def _backoff(attempt: int) -> float:
    longest = min(MAX_BACKOFF, MIN_BACKOFF * 2**attempt)
    return random.SystemRandom().uniform(longest / 2, longest)
