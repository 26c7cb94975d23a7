"""Response schemas of jobs."""

from datetime import datetime
from typing import Any, Self

from typing_extensions import TypeAliasType

from service.jobs.rows import JobRow, State
from service.web.problems import ProblemDetails
from service.web.schemas import Page, ResponseModel

JobResult = TypeAliasType("JobResult", dict[str, Any])


class Job(ResponseModel):
    """Background work that outlives the request that started it."""

    job: str
    kind: str
    state: State
    stage: str | None
    progress: float
    attempt: int
    result: JobResult | None
    problem: ProblemDetails | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: JobRow) -> Self:
        return cls.model_validate({"job": row.id, **{name: getattr(row, name) for name in _SHARED}})


_SHARED = Job.model_fields.keys() - {"job"}


class JobList(Page):
    """Jobs, newest first."""

    jobs: list[Job]
