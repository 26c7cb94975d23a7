"""Routes of jobs, and the dependency by which other routes run and await a job."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar, cast

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from service.idempotency.dependencies import SentDep
from service.idempotency.operations import KeyedRequest, find_job_id, plan_once
from service.jobs import operations, repository
from service.jobs.job_streams import JobStream, JobStreams
from service.jobs.operations import JobPlan
from service.jobs.rows import NEWEST, JobRow
from service.jobs.schemas import Job, JobList
from service.stores.database import Database, JsonObject, Session
from service.web.dependencies import (
    AllowedDep,
    DatabaseDep,
    EngineDep,
    PageSize,
    PageToken,
    ReadDep,
    Services,
    ServicesDep,
    TenantDep,
)
from service.web.exception_handlers import RETRY_AFTER_SECONDS, JobFailed
from service.web.pagination import decode_cursor, next_cursor
from service.web.prefer import PatienceDep, WaitPreference

Resource = TypeVar("Resource")

JobId = Annotated[
    str,
    Path(
        pattern=rf"^([0-9a-f-]{{36}}|{NEWEST})$",
        description="The job's id, or `newest`.",
        examples=[NEWEST],
    ),
]

_TEXT: Final = {"type": "string"}
_JOB: Final = {
    "X-Job": {"schema": _TEXT, "description": "The job's id."},
    "Preference-Applied": {
        "schema": _TEXT,
        "description": "The preferences of `Prefer` that were applied.",
    },
}
_LOCATION: Final = {"schema": _TEXT, "description": "URL of the resource."}
_RETRY_AFTER: Final = {
    "schema": {"type": "integer"},
    "description": "Seconds to wait before the next request.",
}


def job_responses(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of a route that starts a job.

    It has two models, so its `response_model` is None.
    """
    return {
        201: {
            "model": model,
            "description": "The job is done: its result",
            "headers": {"Location": _LOCATION, **_JOB},
        },
        202: {
            "model": Job,
            "description": "The job is still running: poll it",
            "headers": {"Location": _LOCATION, "Retry-After": _RETRY_AFTER, **_JOB},
        },
    }


def _job_streams(request: Request) -> JobStreams:
    return cast("JobStreams", request.app.state.job_streams)


JobStreamsDep = Annotated[JobStreams, Depends(_job_streams)]


@dataclass(frozen=True, kw_only=True)
class JobResponder:
    """Dependency of routes that start a job.

    Responds with its result, or with the job if it takes too long.
    """

    services: Services
    job_streams: JobStreams
    patience: WaitPreference
    response: Response
    tenant: str
    sent: KeyedRequest | None

    async def respond(
        self,
        prepare: Callable[[Session], JobPlan],
        show: Callable[[Session, JsonObject], tuple[str, Resource]],
        *,
        fold: Callable[[], None] = lambda: None,
    ) -> Resource | Job:
        """Commit a job, dispatch it and wait for it.

        `fold` stores the small changes of the job's dataset, so that the job reads them. `prepare`
        validates the request in a read-only session, and returns the plan that inserts the job in
        a short writing transaction. Both are skipped if an earlier request with the same
        idempotency key has inserted the job. `show` returns the URL and the body of its result.
        """
        database = self.services.stores.database
        job_id = await run_in_threadpool(self._start, prepare, fold)
        job = await self.job_streams.wait_for(job_id, seconds=self.patience.seconds)
        self.response.headers["X-Job"] = job.id
        if self.patience.applied:
            self.response.headers["Preference-Applied"] = self.patience.applied
        if job.state == "failed":
            raise JobFailed(job.problem or {}, job.id)
        if job.state != "succeeded":
            self.response.status_code = 202
            self.response.headers["Location"] = f"/v1/jobs/{job.id}"
            self.response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return Job.of(job)
        return await run_in_threadpool(self._created, database, job, show)

    def _start(self, prepare: Callable[[Session], JobPlan], fold: Callable[[], None]) -> str:
        database = self.services.stores.database
        with database.reading() as session:
            job_id = find_job_id(session, self.sent) if self.sent else None
        if job_id is None:
            fold()
            with database.reading() as session:
                plan = prepare(session)
            job_id = self._insert_job(plan)
        operations.dispatch(self.services.stores.database, self.services.engine)
        return job_id

    def _insert_job(self, plan: JobPlan) -> str:
        def plan_job(session: Session) -> str:
            operations.check_queue_limit(session, self.tenant, self.services.settings)
            return plan(session).id

        with self.services.stores.database.writing() as session:
            return plan_once(session, self.sent, plan_job) if self.sent else plan_job(session)

    def _created(
        self,
        database: Database,
        job: JobRow,
        show: Callable[[Session, JsonObject], tuple[str, Resource]],
    ) -> Resource:
        with database.reading() as session:
            self.response.headers["Location"], resource = show(session, job.result or {})
        return resource


def _job_responder(
    services: ServicesDep,
    job_streams: JobStreamsDep,
    patience: PatienceDep,
    response: Response,
    tenant: TenantDep,
    sent: SentDep,
) -> JobResponder:
    return JobResponder(
        services=services,
        job_streams=job_streams,
        patience=patience,
        response=response,
        tenant=tenant,
        sent=sent,
    )


JobResponderDep = Annotated[JobResponder, Depends(_job_responder)]


def _existing_job(session: ReadDep, tenant: TenantDep, job: JobId) -> str:
    return repository.get_job(session, tenant, job).id


async def _event_stream(
    job_streams: JobStreamsDep, job_id: Annotated[str, Depends(_existing_job)]
) -> AsyncIterator[JobStream]:
    with job_streams.follow(job_id) as feed:
        yield feed


FeedDep = Annotated[JobStream, Depends(_event_stream)]

router = APIRouter(tags=["jobs"])


@router.get("/v1/jobs")
def list_jobs(
    session: ReadDep, tenant: TenantDep, page_size: PageSize = 100, page_token: PageToken = None
) -> JobList:
    """List the jobs, newest first."""
    last = decode_cursor(page_token)
    before = repository.get_job(session, tenant, last) if last else None
    rows = repository.list_jobs(session, tenant, before=before, limit=page_size)
    return JobList(
        jobs=[Job.of(row) for row in rows],
        next_page_token=next_cursor(rows, page_size, lambda row: row.id),
    )


@router.get("/v1/jobs/{job}")
def get_job(session: ReadDep, tenant: TenantDep, job: JobId) -> Job:
    """Return a job: its state, stage and progress."""
    return Job.of(repository.get_job(session, tenant, job))


@router.get("/v1/jobs/{job}/events", response_class=EventSourceResponse)  # noqa: FAST003 - a parameter of `_existing_job`
async def follow_job(feed: FeedDep, is_allowed: AllowedDep) -> AsyncIterator[ServerSentEvent]:
    """Stream a job as server-sent events.

    One at once, one at each change, the last when the job is finished.
    """
    async for row in feed.rows(is_allowed):
        yield ServerSentEvent(event="job", data=Job.of(row))


@router.post("/v1/jobs/{job}/cancel", status_code=202)
def cancel_job(database: DatabaseDep, engine: EngineDep, tenant: TenantDep, job: JobId) -> Job:
    """Cancel an unfinished job."""
    return Job.of(operations.cancel(database, engine, tenant, job))
