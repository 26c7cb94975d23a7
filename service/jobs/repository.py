"""Queries on the table of jobs; the attempt's number is the fencing token of a worker's writes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import ColumnElement, CursorResult, func, select, update
from sqlalchemy.orm import Session

from service.errors import NotFound
from service.jobs.rows import NEWEST, PURGES, UNFINISHED, JobRow
from service.stores.database import JsonObject, now

PURGE_RETRY_DELAY: Final = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A finished job's columns that metrics need; `algorithm` is empty for kinds without one."""

    id: str
    kind: str
    state: str
    algorithm: str
    started_at: datetime | None
    finished_at: datetime


def find_job(session: Session, job_id: str) -> JobRow | None:
    """Find a job of any tenant; not for requests of clients."""
    return session.get(JobRow, job_id, populate_existing=True)


def get_job(session: Session, tenant: str, job_id: str) -> JobRow:
    """Return a tenant's job, by its id or `newest`; raises NotFound."""
    if job_id == NEWEST:
        row = next(iter(list_jobs(session, tenant, before=None, limit=1)), None)
    else:
        row = find_job(session, job_id)
    if row is None or row.tenant != tenant:
        raise NotFound("There is no such job")
    return row


def list_jobs(session: Session, tenant: str, *, before: JobRow | None, limit: int) -> list[JobRow]:
    """List a tenant's jobs, newest first; with `before`, those created before that job."""
    query = select(JobRow).where(JobRow.tenant == tenant)
    if before is not None:
        same_time = (JobRow.created_at == before.created_at) & (JobRow.id < before.id)
        query = query.where((JobRow.created_at < before.created_at) | same_time)
    return list(
        session.scalars(query.order_by(JobRow.created_at.desc(), JobRow.id.desc()).limit(limit))
    )


def list_unfinished_jobs(session: Session, *, limit: int) -> list[str]:
    """List the ids of the next unfinished jobs.

    Purges, then the oldest; a failed purge is retried after a delay.
    """
    is_purge = JobRow.kind.in_(PURGES)
    is_delayed = (
        is_purge & (JobRow.state == "running") & (JobRow.started_at > now() - PURGE_RETRY_DELAY)
    )
    query = select(JobRow.id).where(JobRow.state.in_(UNFINISHED), ~is_delayed)
    return list(
        session.scalars(query.order_by(is_purge.desc(), JobRow.created_at, JobRow.id).limit(limit))
    )


def find_queued(session: Session, tenant: str, kind: str, payload: JsonObject) -> JobRow | None:
    """Find a tenant's queued job with this payload, the oldest first."""
    query = (
        select(JobRow)
        .filter_by(tenant=tenant, kind=kind, state="queued")
        .where(JobRow.payload == payload)
    )
    return session.scalars(query.order_by(JobRow.created_at).limit(1)).first()


def count_unfinished(session: Session, tenant: str | None) -> int:
    """Count the unfinished jobs of a tenant, or of all tenants."""
    query = select(func.count()).select_from(JobRow).where(JobRow.state.in_(UNFINISHED))
    return session.scalar(query if tenant is None else query.where(JobRow.tenant == tenant)) or 0


def count_by_state(session: Session) -> dict[tuple[str, str], int]:
    """Count the unfinished jobs of all tenants, by kind and state."""
    query = select(JobRow.kind, JobRow.state, func.count()).where(JobRow.state.in_(UNFINISHED))
    return {
        (kind, state): n
        for kind, state, n in session.execute(query.group_by(JobRow.kind, JobRow.state))
    }


def oldest_with_state(session: Session, state: str) -> datetime | None:
    """Return the creation time of the oldest job in a state."""
    return session.scalar(select(func.min(JobRow.created_at)).where(JobRow.state == state))


def finished_since(session: Session, time: datetime) -> list[Finished]:
    """List the jobs of all tenants that finished at `time` or later."""
    columns = (
        JobRow.id,
        JobRow.kind,
        JobRow.state,
        JobRow.payload,
        JobRow.started_at,
        JobRow.finished_at,
    )
    return [
        Finished(
            id=row.id,
            kind=row.kind,
            state=row.state,
            algorithm=row.payload.get("algorithm", ""),
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
        for row in session.execute(select(*columns).where(JobRow.finished_at >= time))
    ]


def claim_job(session: Session, job_id: str, *, worker: str) -> JobRow | None:
    """Start the next attempt at a job; return None if the job is finished."""
    changes = {
        "state": "running",
        "attempt": JobRow.attempt + 1,
        "worker": worker,
        "started_at": now(),
    }
    claimed = _update(session, (JobRow.id == job_id) & JobRow.state.in_(UNFINISHED), changes)
    return find_job(session, job_id) if claimed else None


def write_progress(
    session: Session, job_id: str, attempt: int, *, stage: str, progress: float
) -> bool:
    """Record an attempt's progress; return False if the job is no longer this attempt's."""
    return _update(session, _held(job_id, attempt), {"stage": stage, "progress": progress})


def succeed_job(session: Session, job_id: str, attempt: int, result: JsonObject) -> bool:
    """Record an attempt's result; return False if the job is no longer this attempt's."""
    changes = {"state": "succeeded", "progress": 1.0, "result": result, "finished_at": now()}
    return _update(session, _held(job_id, attempt), changes)


def fail_job(session: Session, job_id: str, attempt: int, problem: JsonObject) -> bool:
    """Record an attempt's failure; return False if the job is no longer this attempt's."""
    return _update(
        session,
        _held(job_id, attempt),
        {"state": "failed", "problem": problem, "finished_at": now()},
    )


def cancel_job(session: Session, job_id: str) -> bool:
    """Cancel a job; return False if it is finished."""
    changes = {"state": "cancelled", "finished_at": now()}
    return _update(session, (JobRow.id == job_id) & JobRow.state.in_(UNFINISHED), changes)


def _held(job_id: str, attempt: int) -> ColumnElement[bool]:
    return (JobRow.id == job_id) & (JobRow.attempt == attempt) & (JobRow.state == "running")


def _update(session: Session, which: ColumnElement[bool], changes: dict[str, object]) -> bool:
    statement = (
        update(JobRow).where(which).values(changes).execution_options(synchronize_session=False)
    )
    return cast("CursorResult[object]", session.execute(statement)).rowcount == 1
