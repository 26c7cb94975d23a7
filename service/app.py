"""The composition root: which parts an app is made of, and what lives as long as it does."""

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
from service.auth.routes import router as access
from service.comparisons.routes import router as comparisons
from service.config import Settings
from service.customers.routes import router as customers
from service.datasets.routes import router as datasets
from service.engine.client import JobEngine
from service.engine.scheduler_file import tls_credentials
from service.figures.routes import router as figures
from service.health.routes import router as health
from service.jobs import operations as jobs
from service.jobs.job_feeds import JobFeeds
from service.jobs.metrics import JobCollector
from service.jobs.routes import router as job_routes
from service.recommendations.routes import router as recommendations
from service.registry.routes import router as registry
from service.runs.routes import router as runs
from service.segments.routes import router as segments
from service.stores import open_stores
from service.stores.database import Database, DatabaseUnavailable
from service.tracing import Tracer
from service.training.routes import router as training
from service.trees.routes import router as trees
from service.ui.routes import router as page
from service.web.access_log import RequestLogMiddleware
from service.web.body_limit_middleware import BodyLimitMiddleware
from service.web.body_limits import BodyLimits
from service.web.dependencies import Services
from service.web.docs import mount_docs
from service.web.exception_handlers import add_exception_handlers
from service.web.formats import ReaderPool
from service.web.logging import summarize_exception
from service.web.memory_budget import MemoryBudget
from service.web.metrics import Metrics
from service.web.openapi import install_openapi, operation_id
from service.web.problem_routes import router as problems
from service.web.query_parameters import refuse_unknown_parameters
from service.web.tracing_middleware import TracingMiddleware

ENTRY_POINT = "service.tasks:run_job"
BUSY_PAUSE_SECONDS = 0.1
IDLE_PAUSE_SECONDS = 1.0
ATTEMPTS_TO_FORGET = 3
NOWHERE: Final = {"type": "http", "method": "GET", "path": "/nowhere"}
# FastAPI's own spans and events hold paths, queries and messages, and so customers' ids and values.
FASTAPIS_OWN: TelemetryConfig = {"auto_configure": False, "tracing": False, "metrics": False, "logs": False}
ROOMS = {
    "Customer tables: put them in, see what each column is taken for.": datasets,
    "The customers of a dataset: put in or changed in batches, listed, looked up, erased.": customers,
    "How many segments a dataset holds, and how sure that is.": recommendations,
    "Fits: a new model, or a further version of one.": training,
    "Models, their versions and files, and the aliases that move between versions.": registry,
    "The tree behind a hierarchical version: who is merged with whom, and where it is cut.": trees,
    "What the segments of a version are like, and what people call them.": segments,
    "Two versions of a model on the same customers: who would move.": comparisons,
    "Pictures of datasets, recommendations, versions and comparisons.": figures,
    "Which segment a customer is in, and why.": assignments,
    "Whole datasets placed, and the members of a segment.": runs,
    "Work that outlives its request: how far it is, how it ended.": job_routes,
    "Who you are to the service: the key that you call with.": access,
    "For the orchestrator: alive, ready, which release.": health,
    "Every kind of refusal, explained.": problems,
}

WhenUp = Callable[[FastAPI], Awaitable[None]]

logger = structlog.get_logger()


def create_app(
    settings: Settings,
    *,
    engine: JobEngine | None = None,
    tracer: Tracer | None = None,
    when_up: WhenUp | None = None,
) -> FastAPI:
    """Compose the service; `when_up` runs beside it once it is up, `engine` replaces the one that the settings name."""
    stores = open_stores(settings)
    metrics = Metrics(stores.caches)
    metrics.add(JobCollector(stores.database))
    parts = Services(
        settings=settings,
        stores=stores,
        engine=engine or _engine(settings),
        metrics=metrics,
        readers=ReaderPool(max_processes=settings.table_readers, seconds=settings.table_seconds),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _background_tasks(_dispatch_forever(parts), *([when_up(app)] if when_up else [])):
            yield
        await run_in_threadpool(parts.engine.close)
        await run_in_threadpool(parts.readers.close)
        await run_in_threadpool(_close, stores.database)

    app = FastAPI(
        title="Customer segmentation",
        version=RELEASE,
        description="Learns customer segments, keeps every model version, and places customers in milliseconds.",
        lifespan=lifespan,
        routes=_routes().routes,
        openapi_tags=[{"name": room.tags[0], "description": text} for text, room in ROOMS.items()],
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        telemetry=FASTAPIS_OWN,
    )
    app.state.services = parts
    app.state.feeds = JobFeeds(stores.database, parts.engine.endings, max_followers=settings.job_followers)
    add_exception_handlers(app)
    install_openapi(app)
    mount_docs(app)
    ring, quotas, placers = KeyCache(stores.database), RateLimiter(settings.requests_per_minute), ModelCache(stores)
    app.add_middleware(AssignmentFastPath, parts=parts, placers=placers)
    app.add_middleware(AuthMiddleware, ring=ring, quotas=quotas)
    app.add_middleware(BodyLimitMiddleware, allowed=_allowed(settings), budget=MemoryBudget(settings.body_memory))
    if tracer:
        app.add_middleware(TracingMiddleware, tracer=tracer)
    app.add_middleware(RequestLogMiddleware, metrics=metrics)
    return app


@cache
def _routes() -> APIRouter:
    """Join the rooms once: what FastAPI works out of their signatures is the same in every app.

    It would do so at the first request that comes past a room, and each time in the midst of whatever else goes on.
    """
    routes = APIRouter(generate_unique_id_function=operation_id)
    for room in ROOMS.values():
        routes.include_router(room, dependencies=[] if room is health else [Depends(refuse_unknown_parameters)])
    routes.include_router(page)
    for route in routes.routes:
        route.matches(NOWHERE)
    return routes


def _allowed(settings: Settings) -> BodyLimits:
    return BodyLimits(n_bytes=settings.document_bytes, seconds=settings.body_seconds, depth=settings.json_depth)


def _engine(settings: Settings) -> JobEngine:
    return JobEngine(
        address=settings.engine_address,
        directory=settings.engine_directory(),
        entry_point=ENTRY_POINT,
        certificates=tls_credentials(settings),
    )


@asynccontextmanager
async def _background_tasks(*work: Awaitable[None]) -> AsyncIterator[None]:
    """Let work go on beside the app, and end with it."""
    tasks = [asyncio.ensure_future(item) for item in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _dispatch_forever(parts: Services) -> None:
    """Hand jobs to the engine again and again: after any crash, their rows are still the truth."""
    with parts.engine.endings.subscribe() as ending:
        while True:
            dispatching = asyncio.ensure_future(run_in_threadpool(_dispatch, parts))
            try:
                more = await asyncio.shield(dispatching)
            finally:
                await dispatching  # its thread goes on whoever is cancelled, and must not outlive the database
            await ending.wait(BUSY_PAUSE_SECONDS if more else IDLE_PAUSE_SECONDS)


def _close(database: Database) -> None:
    with suppress(DatabaseUnavailable):  # whoever is still reading keeps the log
        database.forget_deleted(attempts=ATTEMPTS_TO_FORGET)
    database.close()


def _dispatch(parts: Services) -> bool:
    try:
        return jobs.dispatch(parts.stores.database, parts.engine)
    except Exception as error:  # noqa: BLE001 - whatever is wrong now, the jobs must be looked after again
        logger.error("dispatching failed", **summarize_exception(error))
        return False
