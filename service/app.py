"""Composition root: builds the app from settings, stores, engine, routers and middlewares."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Final

import structlog
from fastapi import APIRouter, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.telemetry import TelemetryConfig

from service import RELEASE
from service.assignments.fast_path import AssignmentFastPath
from service.assignments.model_cache import ModelCache
from service.assignments.routes import router as assignments
from service.auth.key_cache import KeyCache
from service.auth.middleware import AuthMiddleware
from service.auth.rate_limit import RateLimiter
from service.auth.rate_limit_windows import SharedWindows
from service.auth.routes import router as access
from service.comparisons.routes import router as comparisons
from service.config import Settings
from service.customers.fast_path import UpsertFastPath
from service.customers.routes import router as customers
from service.datasets import erasure
from service.datasets.change_log import delete_expired_changes
from service.datasets.fold import plan_overdue_folds
from service.datasets.routes import router as datasets
from service.engine.client import JobEngine
from service.engine.scheduler_file import tls_credentials
from service.figures.routes import router as figures
from service.health.routes import router as health
from service.idempotency import operations as idempotency
from service.jobs import operations as jobs
from service.jobs.job_streams import JobStreams
from service.jobs.metrics import JobCollector
from service.jobs.routes import router as job_routes
from service.recommendations.routes import router as recommendations
from service.registry.routes import router as registry
from service.runs.routes import router as runs
from service.segments.routes import router as segments
from service.stores import Stores, open_stores
from service.stores.database import Database, DatabaseUnavailable
from service.system.process_group import ProcessGroup
from service.tracing import Tracer
from service.training.routes import router as training
from service.trees.routes import router as trees
from service.ui.routes import router as page
from service.web.access_log import RequestLogMiddleware
from service.web.body_limits import BodyLimitMiddleware, BodyLimits
from service.web.dependencies import Services
from service.web.docs import mount_docs
from service.web.exception_handlers import add_exception_handlers
from service.web.formats import ReaderPool
from service.web.logging import summarize_exception
from service.web.memory_budget import MemoryBudget
from service.web.metric_snapshots import MetricSnapshots
from service.web.metrics import Metrics
from service.web.openapi import install_openapi, operation_id
from service.web.problem_routes import router as problems
from service.web.query_parameters import reject_unknown_parameters
from service.web.tracing_middleware import TracingMiddleware

ENTRY_POINT = "service.tasks:run_job"
BUSY_PAUSE_SECONDS = 0.1
IDLE_PAUSE_SECONDS = 1.0
MAINTENANCE_SECONDS = 300.0
WAL_ATTEMPTS = 3
UNROUTED: Final = {"type": "http", "method": "GET", "path": "/nowhere"}
# FastAPI's own spans and events contain paths, queries and messages, and so customers' ids and
# values.
FASTAPI_TELEMETRY: TelemetryConfig = {
    "auto_configure": False,
    "tracing": False,
    "metrics": False,
    "logs": False,
}
ROUTERS = {
    "Upload customer tables, and inspect and change how their columns are read.": datasets,
    "Insert, update, list, retrieve and erase the customers of a dataset.": customers,
    "Recommend a number of segments for a dataset, with its probability.": recommendations,
    "Fit models and further versions of them, and cut trees into other segments.": training,
    "Manage models, versions, joblib files, and aliases such as `production`.": registry,
    "Retrieve the dendrogram of a hierarchical version.": trees,
    "Retrieve the profiles of segments, and name them.": segments,
    "Compare two versions of a model on the same customers.": comparisons,
    "Draw figures of datasets, recommendations, versions and comparisons; get reports.": figures,
    "Assign customers to segments, with reasons.": assignments,
    "Assign whole datasets, and list the customers of a segment.": runs,
    "Follow and cancel long-running jobs.": job_routes,
    "Retrieve the properties of the API key in use.": access,
    "Check liveness and readiness, scrape metrics, and retrieve the release.": health,
    "Look up the problem types of error responses.": problems,
}

StartupTask = Callable[[FastAPI], Awaitable[None]]

logger = structlog.get_logger()


def create_app(
    settings: Settings,
    *,
    engine: JobEngine | None = None,
    tracer: Tracer | None = None,
    startup_task: StartupTask | None = None,
    group: ProcessGroup | None = None,
) -> FastAPI:
    """Build the app; `engine` overrides the settings, `startup_task` runs in the background.

    An app in a `group` of processes shares its rate limits, metrics and memory for bodies.
    """
    stores = open_stores(settings)
    metrics = Metrics(stores.caches, snapshots=MetricSnapshots(group) if group else None)
    metrics.add(JobCollector(stores.database, since=group.started if group else None))
    services = Services(
        settings=settings,
        stores=stores,
        engine=engine or _engine(settings),
        metrics=metrics,
        readers=ReaderPool(max_processes=settings.table_readers, seconds=settings.table_seconds),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        tasks: list[Awaitable[None]] = [
            _dispatch_forever(services),
            metrics.write_snapshots_forever(),
            _maintain_forever(stores),
        ]
        if startup_task:
            tasks.append(startup_task(app))
        async with _background_tasks(*tasks):
            yield
        await run_in_threadpool(metrics.write_snapshot)
        await run_in_threadpool(services.engine.close)
        await run_in_threadpool(services.readers.close)
        await run_in_threadpool(_close, stores.database)

    app = FastAPI(
        title="Customer segmentation",
        version=RELEASE,
        description="Learns customer segments, keeps every model version, and assigns customers "
        "to segments in milliseconds.",
        lifespan=lifespan,
        routes=_routes().routes,
        openapi_tags=[
            {"name": router.tags[0], "description": text} for text, router in ROUTERS.items()
        ],
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        telemetry=FASTAPI_TELEMETRY,
    )
    app.state.services = services
    app.state.job_streams = JobStreams(
        stores.database, services.engine.endings, max_followers=settings.job_followers
    )
    add_exception_handlers(app)
    install_openapi(app)
    mount_docs(app)
    windows = SharedWindows(group.rate_limit_file()) if group else None
    limiter = RateLimiter(settings.requests_per_minute, windows=windows)
    model_cache = ModelCache(stores)
    app.add_middleware(UpsertFastPath, services=services, model_cache=model_cache)
    app.add_middleware(AssignmentFastPath, services=services, model_cache=model_cache)
    app.add_middleware(AuthMiddleware, key_cache=KeyCache(stores.database), rate_limiter=limiter)
    app.add_middleware(
        BodyLimitMiddleware,
        allowed=_body_limits(settings),
        budget=MemoryBudget(settings.body_memory // settings.processes),
    )
    if tracer:
        app.add_middleware(TracingMiddleware, tracer=tracer)
    app.add_middleware(RequestLogMiddleware, metrics=metrics)
    return app


@cache
def _routes() -> APIRouter:
    """Join the routers once per process: FastAPI's analysis of signatures is the same in each app.

    FastAPI analyzes a router at its first match, so each route is matched here rather than by the
    first requests.
    """
    routes = APIRouter(generate_unique_id_function=operation_id)
    for router in ROUTERS.values():
        routes.include_router(
            router, dependencies=[] if router is health else [Depends(reject_unknown_parameters)]
        )
    routes.include_router(page)
    for route in routes.routes:
        route.matches(UNROUTED)
    return routes


def _body_limits(settings: Settings) -> BodyLimits:
    return BodyLimits(
        n_bytes=settings.document_bytes, seconds=settings.body_seconds, depth=settings.json_depth
    )


def _engine(settings: Settings) -> JobEngine:
    return JobEngine(
        address=settings.engine_address,
        directory=settings.engine_directory(),
        entry_point=ENTRY_POINT,
        certificates=tls_credentials(settings),
    )


@asynccontextmanager
async def _background_tasks(*awaitables: Awaitable[None]) -> AsyncIterator[None]:
    """Run tasks in the background of a block, and cancel them at its end."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _dispatch_forever(services: Services) -> None:
    """Submit queued jobs to the engine in a loop.

    After a crash of the engine, their rows are submitted again.
    """
    with services.engine.endings.subscribe() as ending:
        while True:
            dispatching = asyncio.ensure_future(run_in_threadpool(_dispatch, services))
            try:
                more = await asyncio.shield(dispatching)
            finally:
                # Cancellation does not stop the thread, which must end before the database closes.
                await dispatching
            await ending.wait(BUSY_PAUSE_SECONDS if more else IDLE_PAUSE_SECONDS)


async def _maintain_forever(stores: Stores) -> None:
    """Delete expired rows, and plan folds that are overdue, from time to time."""
    while True:
        await asyncio.sleep(MAINTENANCE_SECONDS)
        try:
            await run_in_threadpool(idempotency.delete_expired, stores.database)
            await run_in_threadpool(delete_expired_changes, stores)
            await run_in_threadpool(erasure.delete_expired_notices, stores)
            await run_in_threadpool(plan_overdue_folds, stores)
        except Exception as error:  # noqa: BLE001 - the next attempt may succeed
            logger.error("maintenance failed", **summarize_exception(error))


def _close(database: Database) -> None:
    with suppress(DatabaseUnavailable):  # another process still reads
        database.forget_deleted(attempts=WAL_ATTEMPTS)
    database.close()


def _dispatch(services: Services) -> bool:
    try:
        return jobs.dispatch(services.stores.database, services.engine)
    except Exception as error:  # noqa: BLE001 - no error may end the dispatch loop
        logger.error("dispatching failed", **summarize_exception(error))
        return False
