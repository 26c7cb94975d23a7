"""Every kind of problem, for whoever wants to look one up."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from service.errors import NotFound
from service.web.problems import ProblemDetails, known_problems


class ProblemList(BaseModel):
    """Every kind of problem."""

    problems: list[ProblemDetails]


router = APIRouter(tags=["problems"])


@router.get("/problems", response_model_exclude_none=True)
def list_problems() -> ProblemList:
    """List every kind of problem that the service answers with."""
    return ProblemList(problems=known_problems())


@router.get("/problems/{slug}", response_model_exclude_none=True)
def get_problem(
    slug: Annotated[str, Path(description="The end of its type.", examples=["not-found"])],
) -> ProblemDetails:
    """Explain one kind of problem."""
    for problem in known_problems():
        if problem.type == f"/problems/{slug}":
            return problem
    raise NotFound("There is no such kind of problem")
