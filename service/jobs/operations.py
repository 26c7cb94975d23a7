"""Life cycle of a job: created, dispatched to the engine, cancelled."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from structlog.contextvars import get_contextvars

from service.config import Settings
from service.engine.client import EngineUnavailable, JobEngine
from service.errors import Conflict, TooManyJobs
from service.jobs import repository
from service.jobs.rows import PURGES, JobRow
from service.stores.database import Database, JsonObject, Session, now
from service.tracing import traceparent

SUBMITTED_PER_SLOT = 2  # a worker has its next job at once; the others wait in the database

Progress = Callable[[str, float], None]
# Inserts a job, and the rows of the resources that it will create.
JobPlan = Callable[[Session], JobRow]


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """Result of an attempt.

    `finish` records it in the job's last transaction, `undo` removes its files.
    """

    finish: Callable[[Session], JsonObject]
    undo: Callable[[], None]


def create_job(session: Session, tenant: str, kind: str, payload: JsonObject) -> JobRow:
    """Insert a queued job with the id and the trace of the current request.

    It runs after this transaction.
    """
    row = JobRow(id=str(uuid4()), tenant=tenant, kind=kind, payload=payload, created_at=now())
    row.request_id, row.traceparent = get_contextvars().get("request_id"), traceparent()
    session.add(row)
    session.flush()
    return row


def plan_unless_queued(session: Session, tenant: str, kind: str, payload: JsonObject) -> JobRow:
    """Insert a job, or return an equal queued one, which runs after this transaction, too."""
    return repository.find_queued(session, tenant, kind, payload) or create_job(
        session, tenant, kind, payload
    )


def check_queue_limit(session: Session, tenant: str, settings: Settings) -> None:
    """Raise TooManyJobs if a tenant, or all together, have as many unfinished jobs as allowed."""
    for owner, limit in (
        (tenant, settings.unfinished_jobs_per_tenant),
        (None, settings.unfinished_jobs),
    ):
        if repository.count_unfinished(session, owner) >= limit:
            raise TooManyJobs(
                f"{limit} jobs are waiting or running already; try again when some have finished"
            )


def dispatch(database: Database, engine: JobEngine) -> bool:
    """Submit the next unfinished jobs that the engine does not know.

    Return whether more may be queued.

    Only twice as many jobs as can run at once are submitted, so that the database decides the
    order. A job submitted twice, by this process or another one, runs once. Without an engine, the
    jobs stay queued in the database.

    This reruns the job of a dead worker, too. Dask itself moves its task to another worker, a few
    times. A task that Dask gave up, or lost with the scheduler, is unknown to the engine, while the
    job's row is still unfinished: it is submitted again. `run_attempt` of `service/tasks.py` counts
    the attempts, and fails the job after the last one.
    """
    try:
        limit = max(1, engine.slots()) * SUBMITTED_PER_SLOT
        with database.reading() as session:
            jobs = repository.list_unfinished_jobs(session, limit=limit)
        for job_id in engine.unknown(jobs) if jobs else ():
            engine.submit(job_id)
    except EngineUnavailable:
        return False
    return len(jobs) == limit


def cancel(database: Database, engine: JobEngine, tenant: str, job_id: str) -> JobRow:
    """Cancel a job: its row first, which fences the running attempt off, then the attempt."""
    with database.writing() as session:
        row = repository.get_job(session, tenant, job_id)
        if row.kind in PURGES:
            raise Conflict(f"A job of the kind {row.kind} erases data and cannot be cancelled")
        if not repository.cancel_job(session, row.id):
            raise Conflict("The job is finished and cannot be cancelled")
        row = repository.get_job(session, tenant, row.id)
    with suppress(
        EngineUnavailable
    ):  # without an engine no attempt runs, and a cancelled job is never claimed again
        engine.cancel(row.id, row.worker)
    return row
