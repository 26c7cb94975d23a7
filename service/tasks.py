"""Composition root of workers: maps each kind of job to its operation and runs attempts."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from functools import cache, partial
from threading import Thread

import structlog
from opentelemetry.trace import StatusCode
from structlog.contextvars import bound_contextvars

from models.errors import SegmentationError
from models.precompile import warm_up
from service.config import Settings
from service.datasets.erasure import run_erasure, run_purge
from service.datasets.fold import run_fold
from service.engine.client import current_worker
from service.errors import ServiceError, TableBusy, Unavailable, WorkerLost
from service.jobs import repository
from service.jobs.operations import JobResult, Progress
from service.jobs.progress import JobSuperseded, ProgressReporter
from service.jobs.rows import PURGES, JobRow
from service.recommendations.job import run_recommendation
from service.runs.operations import assign_dataset
from service.stores import Stores, open_stores
from service.stores.database import JsonObject, Session
from service.system.malloc import enable_malloc_trim
from service.tracing import Span, SpanKind, Tracer, open_tracer
from service.tracing import span as open_span
from service.training.cut_job import cut_version
from service.training.fit_job import fit_version
from service.web.logging import configure_logging, summarize_exception
from service.web.problems import to_problem

Handler = Callable[[Stores, JsonObject, int, Progress], JobResult]

HANDLERS: Mapping[str, Handler] = {
    "assign": assign_dataset,
    "compact": run_purge,
    "cut": cut_version,
    "erase": run_erasure,
    "fit": fit_version,
    "fold": run_fold,
    "recommend": run_recommendation,
}

logger = structlog.get_logger()


def dask_setup(_worker: object) -> None:
    """Set up a worker, called by Dask because the module is preloaded.

    Memory, logging, compilation of kernels.
    """
    enable_malloc_trim()
    configure_logging(Settings().log_level)
    Thread(target=warm_up, name="warm-up", daemon=True).start()


def run_job(job_id: str) -> None:
    """Run a job, with the settings of the worker's environment."""
    settings = Settings()
    try:
        run_attempt(_stores(settings), job_id, max_attempts=settings.job_attempts, tracer=_tracer())
    except Exception as error:  # noqa: BLE001 - Dask would log its message, which may contain values
        logger.error("job interrupted", job=job_id, **summarize_exception(error))


def run_attempt(
    stores: Stores, job_id: str, *, max_attempts: int, tracer: Tracer | None = None
) -> None:
    """Run the next attempt at a job and record its outcome; does nothing if the job is finished.

    If a store is unavailable or busy, the job's row stays unchanged for the next attempt.
    """
    claim = partial(repository.claim_job, job_id=job_id, worker=current_worker())
    job = stores.database.write(claim)
    if job is None:
        return
    origin = {"request_id": job.request_id} if job.request_id else {}
    context = bound_contextvars(job=job.id, tenant=job.tenant, **origin)
    with context, _span(tracer, job) as span:
        started = time.perf_counter()
        state = _finish(stores, job, max_attempts, span)
        span.set_attribute("segmentation.job.state", state)
        ms = round((time.perf_counter() - started) * 1000, 2)
        logger.info("job", kind=job.kind, state=state, attempt=job.attempt, ms=ms)


def _finish(stores: Stores, job: JobRow, max_attempts: int, span: Span) -> str:
    """Run an attempt, record its outcome, and return the outcome's name for the log."""
    try:
        _run(stores, job, max_attempts, span)
    except JobSuperseded:
        return "lost"
    except Exception as error:  # noqa: BLE001 - every error must be recorded in the job's row
        is_retryable = isinstance(error, (Unavailable, TableBusy)) and job.attempt < max_attempts
        if is_retryable or job.kind in PURGES:  # purges are retried until they succeed
            logger.warning("job interrupted", attempt=job.attempt, **summarize_exception(error))
            return "interrupted"
        span.set_status(StatusCode.ERROR, type(error).__name__)
        _fail(stores, job, error)
        return "failed"
    return "succeeded"


def _span(tracer: Tracer | None, job: JobRow) -> AbstractContextManager[Span]:
    attributes: dict[str, str | int] = {
        "segmentation.job.id": job.id,
        "segmentation.job.kind": job.kind,
        "segmentation.job.attempt": job.attempt,
        "segmentation.tenant": job.tenant,
        "segmentation.request_id": job.request_id or "-",
    }
    return open_span(tracer, f"job {job.kind}", SpanKind.CONSUMER, job.traceparent, attributes)


@cache
def _stores(settings: Settings) -> Stores:
    return open_stores(settings)


@cache
def _tracer() -> Tracer | None:
    return open_tracer()


def _run(stores: Stores, job: JobRow, max_attempts: int, span: Span) -> None:
    if job.attempt > max_attempts and job.kind not in PURGES:
        raise WorkerLost
    with closing(ProgressReporter(stores.database, job)) as report:
        progress = partial(_progress, report, span, set())
        result = HANDLERS[job.kind](stores, job.payload, job.attempt, progress)
    try:
        _succeed(stores, job, result)
    except Exception:
        if not _has_succeeded(stores, job):  # the connection may have broken after the commit
            result.undo()
        raise


def _progress(
    report: ProgressReporter, span: Span, started: set[str], stage: str, fraction: float
) -> None:
    if stage not in started:
        started.add(stage)
        span.add_event(stage)
    report(stage, fraction)


def _has_succeeded(stores: Stores, job: JobRow) -> bool:
    with stores.database.reading() as session:
        row = repository.find_job(session, job.id)
    return row is not None and (row.state, row.attempt) == ("succeeded", job.attempt)


def _succeed(stores: Stores, job: JobRow, result: JobResult) -> None:
    def finish(session: Session) -> None:
        if not repository.succeed_job(session, job.id, job.attempt, result.finish(session)):
            raise JobSuperseded

    stores.database.write(finish)


def _fail(stores: Stores, job: JobRow, error: Exception) -> None:
    is_expected = isinstance(error, (SegmentationError, ServiceError))
    logger.log(
        logging.INFO if is_expected else logging.ERROR,
        "job failed",
        attempt=job.attempt,
        **summarize_exception(error),
    )
    fail = partial(
        repository.fail_job, job_id=job.id, attempt=job.attempt, problem=to_problem(error)
    )
    stores.database.write(fail, repeatable=True)
