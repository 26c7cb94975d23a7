"""A request that is sent again gets what came of the first."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from service.errors import AnswerForgotten, IdempotencyKeyReused, StillRunning
from service.idempotency import repository
from service.idempotency.rows import RequestRow
from service.stores.database import Database, Session, now

KEPT: Final = timedelta(hours=24)
ABANDONED: Final = timedelta(minutes=15)  # longer than any request may take


@dataclass(frozen=True, kw_only=True)
class KeyedRequest:
    """A request to which its sender gave a key; the fingerprint tells it from another one under the same key."""

    tenant: str
    key: str
    fingerprint: str


def find_planned(session: Session, sent: KeyedRequest) -> str | None:
    """Find the job that was planned for a request when it was sent before."""
    row = repository.find_request(session, sent.tenant, sent.key)
    if row is None or row.created_at < now() - KEPT:
        return None
    _require_same(row, sent)
    return row.job_id


def plan_once(session: Session, sent: KeyedRequest, plan: Callable[[Session], str]) -> str:
    """Plan a job in this transaction, or give that which was planned for this request before."""
    row, is_new = _take(session, sent)
    if not is_new and row.job_id is not None:
        return row.job_id
    job_id = plan(session)
    _finish(session, row, job_id=job_id)
    return job_id


def begin_request(database: Database, sent: KeyedRequest) -> RequestRow | bytes:
    """Take a request on, to be finished or let go; or give the answer of an earlier try."""
    with database.writing() as session:
        row, is_new = _take(session, sent)
        if is_new or repository.retake_request(session, row, before=now() - ABANDONED):
            session.refresh(row)
            return row
    if not row.done:
        raise StillRunning
    if row.answer is None:
        raise AnswerForgotten
    return zlib.decompress(row.answer)


def complete_request(session: Session, row: RequestRow, answer: bytes) -> None:
    """Keep an answer, in the transaction that makes it true."""
    _finish(session, row, answer=zlib.compress(answer))


def abort_request(database: Database, sent: KeyedRequest) -> None:
    """Forget a request that came to nothing, so that it may be sent again, mended."""
    with database.writing() as session:
        repository.forget_request(session, sent.tenant, sent.key)


def _take(session: Session, sent: KeyedRequest) -> tuple[RequestRow, bool]:
    repository.forget_requests(session, before=now() - KEPT)
    row, is_new = repository.take_request(session, sent.tenant, sent.key, sent.fingerprint)
    _require_same(row, sent)
    return row, is_new


def _require_same(row: RequestRow, sent: KeyedRequest) -> None:
    if row.fingerprint != sent.fingerprint:
        raise IdempotencyKeyReused


def _finish(session: Session, row: RequestRow, *, job_id: str | None = None, answer: bytes | None = None) -> None:
    if not repository.finish_request(session, row, job_id=job_id, answer=answer):
        raise StillRunning
