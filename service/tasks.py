"""What runs inside a worker: joins each kind of job to the operation that does it."""

from collections.abc import Callable, Mapping
from functools import cache, partial

import structlog

from models.errors import SegmentationError
from service.config import Settings
from service.datasets.erasure import purge_table
from service.engine import current_worker
from service.errors import ServiceError, Unavailable, WorkerLost
from service.jobs import repository
from service.jobs.operations import Outcome, Progress
from service.jobs.rows import JobRow
from service.recommendations.judging import judge_dataset
from service.runs.operations import place_dataset
from service.stores import Stores, open_stores
from service.stores.database import JsonObject, Session
from service.training.cutting import cut_version
from service.training.fitting import fit_version
from service.web.logs import describe_error
from service.web.problems import problem_of

Handler = Callable[[Stores, JsonObject, int, Progress], Outcome]

HANDLERS: Mapping[str, Handler] = {
    "assign": place_dataset,
    "compact": purge_table,
    "cut": cut_version,
    "erase": purge_table,
    "fit": fit_version,
    "recommend": judge_dataset,
}

logger = structlog.get_logger()


class JobLost(Exception):
    """The job was cancelled, or another attempt has begun: what this one does does not count any more."""


def run_job(job_id: str) -> None:
    """Run a job with the stores that the worker's own environment names."""
    settings = Settings()
    try:
        run_attempt(_stores(settings), job_id, most_attempts=settings.job_attempts)
    except Exception as error:  # noqa: BLE001 - Dask would write its message, which may quote values, to the log
        logger.error("job interrupted", job=job_id, **describe_error(error))


def run_attempt(stores: Stores, job_id: str, *, most_attempts: int) -> None:
    """Run the next attempt at a job, and write down how it ended; does nothing if the job is finished.

    While a store is away, the job is left as it is, for the next attempt.
    """
    job = _claim(stores, job_id)
    if job is None:
        return
    try:
        _run(stores, job, most_attempts)
    except JobLost:
        logger.info("job lost", job=job.id, attempt=job.attempt)
    except Unavailable as error:
        if job.attempt >= most_attempts:
            _fail(stores, job, error)
        logger.warning("job interrupted", job=job.id, attempt=job.attempt, **describe_error(error))
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the job's row must say so
        _fail(stores, job, error)


@cache
def _stores(settings: Settings) -> Stores:
    return open_stores(settings)


def _claim(stores: Stores, job_id: str) -> JobRow | None:
    return stores.database.write(partial(repository.claim_job, job_id=job_id, worker=current_worker()))


def _run(stores: Stores, job: JobRow, most_attempts: int) -> None:
    if job.attempt > most_attempts:
        raise WorkerLost

    def progress(stage: str, fraction: float) -> None:
        write = partial(repository.write_progress, job_id=job.id, attempt=job.attempt, stage=stage, progress=fraction)
        if not stores.database.write(write, repeatable=True):
            raise JobLost

    outcome = HANDLERS[job.kind](stores, job.payload, job.attempt, progress)
    try:
        _succeed(stores, job, outcome)
    except Exception:
        if not _is_done(stores, job):  # the connection may have broken after the commit
            outcome.undo()
        raise


def _is_done(stores: Stores, job: JobRow) -> bool:
    with stores.database.reading() as session:
        row = repository.find_job(session, job.id)
    return row is not None and (row.state, row.attempt) == ("succeeded", job.attempt)


def _succeed(stores: Stores, job: JobRow, outcome: Outcome) -> None:
    def finish(session: Session) -> None:
        if not repository.succeed_job(session, job.id, job.attempt, outcome.finish(session)):
            raise JobLost

    stores.database.write(finish)


def _fail(stores: Stores, job: JobRow, error: Exception) -> None:
    foreseen = isinstance(error, (SegmentationError, ServiceError))
    logger.log(20 if foreseen else 40, "job failed", job=job.id, attempt=job.attempt, **describe_error(error))
    fail = partial(repository.fail_job, job_id=job.id, attempt=job.attempt, problem=problem_of(error))
    stores.database.write(fail, repeatable=True)
