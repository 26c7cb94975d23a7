"""Idempotent execution: a repeated request returns the result of the first."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from service.errors import AnswerForgotten, IdempotencyKeyReused, StillRunning
from service.idempotency import repository
from service.idempotency.rows import RequestRow
from service.stores.database import Database, Session, now

RETENTION: Final = timedelta(hours=24)
ABANDONED_AFTER: Final = timedelta(minutes=15)  # longer than the longest request


@dataclass(frozen=True, kw_only=True)
class KeyedRequest:
    """A request with an idempotency key.

    The fingerprint detects a different request under the same key.
    """

    tenant: str
    key: str
    fingerprint: str


def find_job_id(session: Session, sent: KeyedRequest) -> str | None:
    """Return the id of the job planned for an earlier request with the same key, if any."""
    row = repository.find_request(session, sent.tenant, sent.key)
    if row is None or row.created_at < now() - RETENTION:
        return None
    _check_fingerprint(row, sent)
    return row.job_id


def plan_once(session: Session, sent: KeyedRequest, plan: Callable[[Session], str]) -> str:
    """Plan a job in this transaction, or return the id of the job planned by an earlier request."""
    row, is_new = _get_or_create(session, sent)
    if not is_new and row.job_id is not None:
        return row.job_id
    job_id = plan(session)
    _finish(session, row, job_id=job_id)
    return job_id


def begin_request(database: Database, sent: KeyedRequest) -> RequestRow | bytes:
    """Reserve the key for a new or abandoned request, or return the response of a completed one.

    A reserved row must be completed or aborted. Raises StillRunning while another request holds the
    key.
    """
    with database.writing() as session:
        row, is_new = _get_or_create(session, sent)
        if is_new or repository.take_over_request(session, row, before=now() - ABANDONED_AFTER):
            session.refresh(row)
            return row
    if not row.done:
        raise StillRunning
    if row.answer is None:
        raise AnswerForgotten
    return zlib.decompress(row.answer)


def complete_request(session: Session, row: RequestRow, answer: bytes) -> None:
    """Store a response in the transaction of its changes."""
    _finish(session, row, answer=zlib.compress(answer))


def abort_request(database: Database, sent: KeyedRequest) -> None:
    """Delete a failed request, so that its key can be used again."""
    with database.writing() as session:
        repository.delete_request(session, sent.tenant, sent.key)


def _get_or_create(session: Session, sent: KeyedRequest) -> tuple[RequestRow, bool]:
    repository.delete_requests(session, before=now() - RETENTION)
    row, is_new = repository.get_or_create_request(session, sent.tenant, sent.key, sent.fingerprint)
    _check_fingerprint(row, sent)
    return row, is_new


def _check_fingerprint(row: RequestRow, sent: KeyedRequest) -> None:
    if row.fingerprint != sent.fingerprint:
        raise IdempotencyKeyReused


def _finish(
    session: Session, row: RequestRow, *, job_id: str | None = None, answer: bytes | None = None
) -> None:
    if not repository.finish_request(session, row, job_id=job_id, answer=answer):
        raise StillRunning
