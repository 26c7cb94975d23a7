"""Idempotent execution: a repeated request returns the result of the first."""

import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from service.errors import AnswerForgotten, IdempotencyKeyReused, StillRunning
from service.idempotency import repository
from service.idempotency.rows import RequestRow
from service.stores.database import Database, JsonObject, Session, now

Result = TypeVar("Result")
Keep = Callable[[Session, Result], None]

RETENTION: Final = timedelta(hours=24)
MAX_DELETED: Final = 1_000  # in one transaction
ABANDONED_AFTER: Final = timedelta(minutes=15)  # longer than the longest request


@dataclass(frozen=True, kw_only=True)
class KeyedRequest:
    """A request with an idempotency key.

    The fingerprint detects a different request under the same key.
    """

    tenant: str
    key: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class IdempotentRequest:
    """Executes a request once; returns the stored response if it is repeated."""

    database: Database
    sent: KeyedRequest | None

    def find_answer(self) -> bytes | None:
        """Return the response of an earlier request with the same key, if there is one.

        Raises IdempotencyKeyReused, StillRunning or AnswerForgotten.
        """
        if self.sent is None:
            return None
        with self.database.reading() as session:
            return AnswerBook(session, self.sent.tenant, {self.sent.key}).find(self.sent)

    def respond(
        self, act: Callable[[Keep[Result]], Result], encode: Callable[[Result], bytes]
    ) -> bytes:
        """Return `encode(act(keep))`, or the stored response of an earlier request.

        `act` must call `keep` with its session and result, which stores the response in the same
        transaction.
        """
        if self.sent is None:
            return encode(act(_keep_nothing))
        row_or_response = begin_request(self.database, self.sent)
        if isinstance(row_or_response, bytes):
            return row_or_response
        try:
            return encode(
                act(
                    lambda session, result: complete_request(
                        session, row_or_response, encode(result)
                    )
                )
            )
        except BaseException:
            abort_request(self.database, self.sent)
            raise


def find_job_id(session: Session, sent: KeyedRequest) -> str | None:
    """Return the id of the job planned for an earlier request with the same key, if any."""
    row = repository.find_request(session, sent.tenant, sent.key)
    if row is None or row.created_at < now() - RETENTION:
        return None
    _check_fingerprint(row.fingerprint, sent)
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
    return _response_of(row)


def complete_request(session: Session, row: RequestRow, answer: bytes) -> None:
    """Store a response in the transaction of its changes."""
    _finish(session, row, answer=zlib.compress(answer))


def abort_request(database: Database, sent: KeyedRequest) -> None:
    """Delete a failed request, so that its key can be used again."""
    with database.writing() as session:
        repository.delete_request(session, sent.tenant, sent.key)


def delete_expired(database: Database) -> None:
    """Delete the requests older than 24 hours, in short transactions."""
    more = True
    while more:
        with database.writing() as session:
            before = now() - RETENTION
            more = repository.delete_old_requests(session, before=before, limit=MAX_DELETED)


def forget_answers(database: Database, tenant: str) -> None:
    """Remove a tenant's stored responses after an erasure, as they may name the erased customer.

    Works in short transactions.
    """
    before, more = now(), True
    while more:
        with database.writing() as session:
            more = repository.forget_answers(session, tenant, before=before, limit=MAX_DELETED)


class AnswerBook:
    """The answers of a tenant's requests with some keys, in the transaction of their writes."""

    def __init__(self, session: Session, tenant: str, keys: Collection[str]) -> None:
        self._session = session
        self._added: dict[str, JsonObject] = {}
        rows = repository.list_requests(session, tenant, keys) if keys else []
        self._rows = {row.key: row for row in rows if not _is_over(row)}
        self._over = [row for row in rows if _is_over(row)]

    def find(self, sent: KeyedRequest) -> bytes | None:
        """Return the answer of an earlier request with the same key, if there is one.

        Raises IdempotencyKeyReused, StillRunning or AnswerForgotten.
        """
        if (added := self._added.get(sent.key)) is not None:
            _check_fingerprint(added["fingerprint"], sent)
            return zlib.decompress(added["answer"])
        if (row := self._rows.get(sent.key)) is None:
            return None
        _check_fingerprint(row.fingerprint, sent)
        return _response_of(row)

    def add(self, sent: KeyedRequest, answer: bytes) -> None:
        """Keep the answer of a request."""
        created_at = now()
        self._added[sent.key] = {
            "tenant": sent.tenant,
            "key": sent.key,
            "fingerprint": sent.fingerprint,
            "created_at": created_at,
            "taken_at": created_at,
            "done": True,
            "answer": zlib.compress(answer),
        }

    def save(self) -> None:
        """Store the answers that were added."""
        for row in self._over:
            self._session.delete(row)
        if self._added:
            self._session.flush()
            repository.add_answers(self._session, list(self._added.values()))


def _is_over(row: RequestRow) -> bool:
    """Return whether a request has expired, or was abandoned before it was done."""
    is_abandoned = not row.done and row.taken_at < now() - ABANDONED_AFTER
    return is_abandoned or row.created_at < now() - RETENTION


def _get_or_create(session: Session, sent: KeyedRequest) -> tuple[RequestRow, bool]:
    repository.delete_if_older(session, sent.tenant, sent.key, before=now() - RETENTION)
    row, is_new = repository.get_or_create_request(session, sent.tenant, sent.key, sent.fingerprint)
    _check_fingerprint(row.fingerprint, sent)
    return row, is_new


def _response_of(row: RequestRow) -> bytes:
    if not row.done:
        raise StillRunning
    if row.answer is None:
        raise AnswerForgotten
    return zlib.decompress(row.answer)


def _check_fingerprint(fingerprint: str, sent: KeyedRequest) -> None:
    if fingerprint != sent.fingerprint:
        raise IdempotencyKeyReused


def _finish(
    session: Session, row: RequestRow, *, job_id: str | None = None, answer: bytes | None = None
) -> None:
    if not repository.finish_request(session, row, job_id=job_id, answer=answer):
        raise StillRunning


def _keep_nothing(_: Session, __: object) -> None:
    """Store nothing: the request has no idempotency key."""
