"""Verbs on the table of requests."""

from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, delete, update
from sqlalchemy.exc import IntegrityError

from service.idempotency.rows import RequestRow
from service.stores.database import Session, now


def find_request(session: Session, tenant: str, key: str) -> RequestRow | None:
    """Find the request under a key."""
    return session.get(RequestRow, (tenant, key), populate_existing=True)


def take_request(session: Session, tenant: str, key: str, fingerprint: str) -> tuple[RequestRow, bool]:
    """Get the request under a key, or write it down; says whether it is new, and so this caller's to carry out."""
    row = find_request(session, tenant, key)
    if row is not None:
        return row, False
    moment = now()
    row = RequestRow(tenant=tenant, key=key, fingerprint=fingerprint, created_at=moment, taken_at=moment, done=False)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another process was first
        found = find_request(session, tenant, key)
        if found is None:
            raise
        return found, False
    return row, True


def retake_request(session: Session, row: RequestRow, *, before: datetime) -> bool:
    """Take over a request whose earlier try has come to nothing; False if somebody else has done so."""
    abandoned = _unfinished(row.tenant, row.key) & (RequestRow.taken_at < before)
    return _update(session, abandoned, {"taken_at": now()})


def finish_request(
    session: Session, row: RequestRow, *, job_id: str | None = None, answer: bytes | None = None
) -> bool:
    """Record what came of a request; False if it is no longer this try's."""
    held = _unfinished(row.tenant, row.key) & (RequestRow.taken_at == row.taken_at)
    return _update(session, held, {"done": True, "job_id": job_id, "answer": answer})


def forget_request(session: Session, tenant: str, key: str) -> None:
    """Forget a request that was refused: it may be sent again, mended."""
    session.execute(delete(RequestRow).where(_unfinished(tenant, key)))


def forget_requests(session: Session, *, before: datetime) -> None:
    """Forget the requests that were sent before a time."""
    session.execute(delete(RequestRow).where(RequestRow.created_at < before))


def forget_answers(session: Session, tenant: str) -> None:
    """Forget what a tenant's requests were answered: an answer names customers, of whom one was erased."""
    session.execute(update(RequestRow).where(RequestRow.tenant == tenant).values(answer=None))


def _unfinished(tenant: str, key: str) -> ColumnElement[bool]:
    return (RequestRow.tenant == tenant) & (RequestRow.key == key) & ~RequestRow.done


def _update(session: Session, which: ColumnElement[bool], changes: dict[str, object]) -> bool:
    statement = update(RequestRow).where(which).values(changes).execution_options(synchronize_session=False)
    return cast("CursorResult[object]", session.execute(statement)).rowcount == 1
