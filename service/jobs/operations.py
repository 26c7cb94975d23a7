"""The life of a job: written down, handed to the engine, cancelled."""

from collections.abc import Callable
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

SUBMITTED_PER_SLOT = 2

Progress = Callable[[str, float], None]
Plan = Callable[[Session], JobRow]  # writes a job down, and what it will make


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What an attempt has done: `finish` writes it down in the job's last transaction, `undo` takes it back."""

    finish: Callable[[Session], JsonObject]
    undo: Callable[[], None]


def create_job(session: Session, tenant: str, kind: str, payload: JsonObject) -> JobRow:
    """Write down a job to be run after this transaction, and which request it comes from."""
    row = JobRow(id=str(uuid4()), tenant=tenant, kind=kind, payload=payload, created_at=now())
    row.request_id, row.traceparent = get_contextvars().get("request_id"), traceparent()
    session.add(row)
    session.flush()
    return row


def plan_unless_queued(session: Session, tenant: str, kind: str, payload: JsonObject) -> JobRow:
    """Write down a job, unless the same one waits already: it begins after this transaction, too."""
    return repository.find_queued(session, tenant, kind, payload) or create_job(session, tenant, kind, payload)


def check_queue_limit(session: Session, tenant: str, settings: Settings) -> None:
    """Refuse a further job while as many wait or run as may, of one tenant or of all."""
    for of, most in ((tenant, settings.unfinished_jobs_per_tenant), (None, settings.unfinished_jobs)):
        if repository.count_unfinished(session, of) >= most:
            raise TooManyJobs(f"{most} jobs are waiting or running already; try again when some have finished")


def dispatch(database: Database, engine: JobEngine) -> bool:
    """Hand the next unfinished jobs that the engine does not know to it; True if more may be waiting behind them.

    SQL decides the order: only about as many jobs are handed over as can run at once. Handing a job over twice, by this
    process or another one, runs it once. Where no engine can be reached, the rows keep the jobs for later.
    """
    try:
        limit = max(1, engine.slots()) * SUBMITTED_PER_SLOT
        with database.reading() as session:
            jobs = repository.unfinished_jobs(session, limit=limit)
        for job_id in engine.unknown(jobs) if jobs else ():
            engine.submit(job_id)
    except EngineUnavailable:
        return False
    return len(jobs) == limit


def cancel(database: Database, engine: JobEngine, tenant: str, job_id: str) -> JobRow:
    """Cancel a job: first its row, so that nothing it still does counts, then its work."""
    with database.writing() as session:
        row = repository.get_job(session, tenant, job_id)
        if row.kind in PURGES:
            raise Conflict(f"A job of the kind {row.kind} removes what must not stay, and cannot be cancelled")
        if not repository.cancel_job(session, row.id):
            raise Conflict("The job is finished and cannot be cancelled any more")
        row = repository.get_job(session, tenant, row.id)
    _stop(engine, row)
    return row


def _stop(engine: JobEngine, row: JobRow) -> None:
    try:
        engine.cancel(row.id, row.worker)
    except EngineUnavailable:
        return  # without an engine nothing runs, and a cancelled row is never started again
