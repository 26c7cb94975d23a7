"""Queries on the table of runs."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import NotFound
from service.jobs.rows import NEWEST, JobRow
from service.registry.rows import VersionRow
from service.runs.rows import RunRow


def get_run(session: Session, version: VersionRow, run_id: str) -> RunRow:
    """Get a run of a version, or the newest of its runs."""
    if run_id == NEWEST:
        query = select(RunRow).where(
            RunRow.model_id == version.model_id, RunRow.version == version.number
        )
        newest_first = query.order_by(RunRow.created_at.desc(), RunRow.id.desc())
        row = session.scalar(newest_first.limit(1))
    else:
        row = session.get(RunRow, run_id, populate_existing=True)
    if row is None or (row.model_id, row.version) != (version.model_id, version.number):
        raise NotFound(f"Version {version.number} has no such run")
    return row


def job_of(session: Session, run: RunRow) -> JobRow:
    """Get the job that carries a run out."""
    return session.get_one(JobRow, run.job_id, populate_existing=True)


def get_run_by_id(session: Session, run_id: str) -> RunRow:
    """Get a run; for the service itself."""
    row = session.get(RunRow, run_id)
    if row is None:
        raise NotFound("The run is gone: its model, or this version of it, was deleted")
    return row
