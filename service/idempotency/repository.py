"""Queries on the table of idempotent requests."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from service.errors import TableBusy
from service.idempotency.rows import RequestRow
from service.stores.database import JsonObject, Session, now


def find_request(session: Session, tenant: str, key: str) -> RequestRow | None:
    return session.get(RequestRow, (tenant, key), populate_existing=True)


def list_requests(session: Session, tenant: str, keys: Collection[str]) -> list[RequestRow]:
    """List the requests of some of a tenant's keys."""
    query = select(RequestRow).where(RequestRow.tenant == tenant, RequestRow.key.in_(keys))
    return list(session.scalars(query))


def add_answers(session: Session, answers: Sequence[JsonObject]) -> None:
    """Add completed requests, each with the columns of `RequestRow`.

    Raises TableBusy if another transaction has just added one of the keys, to be looked up again.
    """
    try:
        session.connection().execute(insert(RequestRow), answers)
    except IntegrityError as taken:
        raise TableBusy from taken


def get_or_create_request(
    session: Session, tenant: str, key: str, fingerprint: str
) -> tuple[RequestRow, bool]:
    """Return the request of a key, created if it does not exist, and whether it is new."""
    row = find_request(session, tenant, key)
    if row is not None:
        return row, False
    created_at = now()
    row = RequestRow(
        tenant=tenant,
        key=key,
        fingerprint=fingerprint,
        created_at=created_at,
        taken_at=created_at,
        done=False,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # inserted concurrently by another process
        existing = find_request(session, tenant, key)
        if existing is None:
            raise
        return existing, False
    return row, True


def delete_if_older(session: Session, tenant: str, key: str, *, before: datetime) -> None:
    """Delete the request of a key if it was created before a time."""
    session.execute(
        delete(RequestRow).where(
            (RequestRow.tenant == tenant)
            & (RequestRow.key == key)
            & (RequestRow.created_at < before)
        )
    )


def take_over_request(session: Session, row: RequestRow, *, before: datetime) -> bool:
    """Take over an abandoned request.

    Return False if it is not abandoned or another process has taken it over.
    """
    abandoned = _unfinished(row.tenant, row.key) & (RequestRow.taken_at < before)
    return _update(session, abandoned, {"taken_at": now()})


def finish_request(
    session: Session, row: RequestRow, *, job_id: str | None = None, answer: bytes | None = None
) -> bool:
    """Store the result of a request; return False if another attempt has taken it over."""
    held_by_this_attempt = _unfinished(row.tenant, row.key) & (RequestRow.taken_at == row.taken_at)
    return _update(
        session, held_by_this_attempt, {"done": True, "job_id": job_id, "answer": answer}
    )


def delete_request(session: Session, tenant: str, key: str) -> None:
    """Delete an unfinished request."""
    session.execute(delete(RequestRow).where(_unfinished(tenant, key)))


def delete_old_requests(session: Session, *, before: datetime, limit: int) -> bool:
    """Delete the oldest requests created before a time; return True if there may be more."""
    query = select(RequestRow.tenant, RequestRow.key).where(RequestRow.created_at < before)
    old = [(row.tenant, row.key) for row in session.execute(query.limit(limit))]
    session.execute(delete(RequestRow).where(tuple_(RequestRow.tenant, RequestRow.key).in_(old)))
    return len(old) == limit


def forget_answers(session: Session, tenant: str, *, before: datetime, limit: int) -> bool:
    """Remove the responses to a tenant's oldest requests; return True if there may be more."""
    query = select(RequestRow.key).where(
        RequestRow.tenant == tenant,
        RequestRow.answer.is_not(None),
        RequestRow.created_at <= before,
    )
    keys = list(session.scalars(query.limit(limit)))
    session.execute(
        update(RequestRow)
        .where(RequestRow.tenant == tenant, RequestRow.key.in_(keys))
        .values(answer=None)
    )
    return len(keys) == limit


def _unfinished(tenant: str, key: str) -> ColumnElement[bool]:
    return (RequestRow.tenant == tenant) & (RequestRow.key == key) & ~RequestRow.done


def _update(session: Session, condition: ColumnElement[bool], changes: dict[str, object]) -> bool:
    statement = (
        update(RequestRow)
        .where(condition)
        .values(changes)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[object]", session.execute(statement)).rowcount == 1
