"""Routes that document the problem types."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from service.errors import NotFound
from service.web.problems import ProblemDetails, known_problems


class ProblemList(BaseModel):
    """All problem types."""

    problems: list[ProblemDetails]


router = APIRouter(tags=["problems"])


@router.get("/problems", response_model_exclude_none=True)
def list_problems() -> ProblemList:
    """List all problem types."""
    return ProblemList(problems=known_problems())


@router.get("/problems/{slug}", response_model_exclude_none=True)
def get_problem(
    slug: Annotated[
        str, Path(description="The last segment of the problem's `type`.", examples=["not-found"])
    ],
) -> ProblemDetails:
    """Describe a problem type."""
    for problem in known_problems():
        if problem.type == f"/problems/{slug}":
            return problem
    raise NotFound("There is no such problem type")
