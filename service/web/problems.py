"""Every refusal as `application/problem+json` (RFC 9457), from one table."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from inspect import getdoc
from typing import Any, cast

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import ArtifactFromAnotherRelease, SegmentationError
from models.exploration import BadCells
from service.engine import EngineUnavailable
from service.errors import (
    AlreadyExists,
    Conflict,
    FieldError,
    InvalidRequest,
    NotFound,
    ServiceError,
    Unavailable,
    pointer,
)
from service.stores.artifacts import ArtifactDamaged
from service.stores.tables import TableBusy, TableChangedElsewhere, TableGone
from service.web.formats import UnreadableBody, UnsupportedFormat
from service.web.logs import describe_error, request_id

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100
LONGEST_TEXT = 300
LONGEST_DETAIL = 1_000
ROOM_FOR_ERRORS = 12_000
RETRY_AFTER_SECONDS = 2

logger = structlog.get_logger()


class JobFailed(ServiceError):
    """The job that this request waited for has failed."""

    def __init__(self, problem: Mapping[str, Any], job_id: str) -> None:
        super().__init__(problem["detail"])
        self.problem = dict(problem)
        self.job_id = job_id


class Forbidden(ServiceError):
    """The service does not answer this client."""


STATUSES: Mapping[type[Exception], HTTPStatus] = {
    InvalidRequest: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnreadableBody: HTTPStatus.UNPROCESSABLE_ENTITY,
    SegmentationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnsupportedFormat: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    AlreadyExists: HTTPStatus.CONFLICT,
    Conflict: HTTPStatus.CONFLICT,
    ArtifactFromAnotherRelease: HTTPStatus.CONFLICT,
    TableChangedElsewhere: HTTPStatus.CONFLICT,
    TableGone: HTTPStatus.GONE,
    ArtifactDamaged: HTTPStatus.INTERNAL_SERVER_ERROR,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    EngineUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    TableBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    ServiceError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class Fault(BaseModel):
    """One fault: where it is, and what is wrong with it."""

    pointer: str | None = Field(default=None, description="JSON pointer into the body, counting from 0.")
    row: int | None = Field(default=None, description="The data row, counting from 1.")
    customer_id: str | None = None
    detail: str


class ProblemDetails(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(examples=["/problems/not-found"], description="Where this kind of problem is documented.")
    title: str = Field(examples=["There is nothing under this name."])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no dataset called shop"])
    instance: str | None = Field(default=None, description="The request's id, as in the logs.")
    errors: list[Fault] | None = Field(default=None, description=f"The first {MOST_ERRORS} faults.")
    n_errors: int | None = Field(default=None, description="How many faults there are in all.")


def problem_of(error: Exception) -> dict[str, Any]:
    """Say in a problem's words why something could not be done; an unforeseen error tells nothing of itself."""
    kind = next((kind for kind in type(error).__mro__ if kind in STATUSES), None)
    if kind is None:
        return _problem("internal-error", "Something unforeseen happened.", HTTPStatus.INTERNAL_SERVER_ERROR)
    problem = _problem(_slug(kind), _title(kind), STATUSES[kind], str(error))
    return problem | _faults(_errors_of(error))


def install_problems(app: FastAPI) -> None:
    """Answer every error of an app with a problem."""
    app.add_exception_handler(ServiceError, _answer)
    app.add_exception_handler(SegmentationError, _answer)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)


router = APIRouter(tags=["problems"])


@router.get("/problems")
def list_problems() -> dict[str, list[dict[str, Any]]]:
    """List every kind of problem that the service answers with."""
    return {"problems": [_problem(_slug(kind), _title(kind), status) for kind, status in STATUSES.items()]}


@router.get("/problems/{slug}")
def get_problem(slug: str) -> dict[str, Any]:
    """Explain one kind of problem."""
    for problem in list_problems()["problems"]:
        if problem["type"] == f"/problems/{slug}":
            return problem
    raise NotFound("There is no such kind of problem")


def respond(problem: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Send a problem; one that will pass says when to try again."""
    status = problem["status"]
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    body = {**problem, "instance": f"urn:request:{request_id()}"}
    return JSONResponse(body, status, {**retry, **(headers or {})}, media_type=MEDIA_TYPE)


def _answer(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, JobFailed):
        return respond(error.problem, {"X-Job": error.job_id})
    problem = problem_of(error)
    if problem["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("refused", problem=problem["type"], **describe_error(error))
    return respond(problem)


def _answer_invalid(_: Request, error: Exception) -> JSONResponse:
    invalid = cast("RequestValidationError", error)
    errors = [_field_error(item, invalid.body) for item in invalid.errors()]
    return respond(problem_of(InvalidRequest("The request is not valid", errors=errors)))


def _answer_http(_: Request, error: Exception) -> JSONResponse:
    refusal = cast("HTTPException", error)
    status = HTTPStatus(refusal.status_code)
    problem = _problem(status.phrase.lower().replace(" ", "-"), f"{status.phrase}.", status, str(refusal.detail))
    return respond(problem, refusal.headers)


def _field_error(item: Mapping[str, Any], body: object) -> FieldError:
    place, *loc = item["loc"]
    if place != "body":
        return FieldError(detail=f"{place} parameter {'.'.join(map(str, loc))}: {item['msg']}")
    path = _path_in(body, loc)
    row = path[1] + 1 if path[:1] == ["customers"] and len(path) > 1 and isinstance(path[1], int) else None
    return FieldError(detail=item["msg"], pointer=pointer(path), row=row)


def _path_in(body: object, loc: Sequence[str | int]) -> list[str | int]:
    """Leave out of a validation error's place what is not in the body: the names of the variants that were tried."""
    path: list[str | int] = []
    for position, part in enumerate(loc):
        there = (isinstance(body, dict) and part in body) or (isinstance(body, list) and isinstance(part, int))
        if there:
            body = body[part]  # type: ignore[index]  # `there` says that it can be indexed
        if there or (position == len(loc) - 1 and isinstance(body, dict)):
            path.append(part)
    return path


def _problem(slug: str, title: str, status: HTTPStatus, detail: str | None = None) -> dict[str, Any]:
    return {
        "type": f"/problems/{slug}",
        "title": title,
        "status": int(status),
        "detail": _sendable(detail or title, LONGEST_DETAIL),
    }


def _errors_of(error: Exception) -> Sequence[FieldError]:
    if isinstance(error, BadCells):
        return [FieldError(row=cell.row, detail=f"{cell.column}: {cell.detail}") for cell in error.cells]
    return error.errors if isinstance(error, ServiceError) else ()


def _faults(errors: Sequence[FieldError]) -> dict[str, Any]:
    if not errors:
        return {}
    faults: list[dict[str, Any]] = []
    room = ROOM_FOR_ERRORS
    for error in errors[:MOST_ERRORS]:
        fault = {name: value for name, value in asdict(error).items() if value is not None}
        fault |= {name: _sendable(fault[name]) for name in ("detail", "pointer") if name in fault}
        room -= len(json.dumps(fault))
        if room < 0:
            break
        faults.append(fault)
    return {"errors": faults, "n_errors": len(errors)}


def _sendable(text: str, longest: int = LONGEST_TEXT) -> str:
    return text[:longest].encode(errors="replace").decode()


def _slug(kind: type[Exception]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


def _title(kind: type[Exception]) -> str:
    return (getdoc(kind) or kind.__name__).split("\n\n")[0].replace("\n", " ")


class UnforeseenErrors:
    """Answers what no handler expected with a problem that gives nothing away."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and catch what it raises."""
        answering = False

        async def watch(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - this is the last one who can answer
            logger.error("unforeseen", **describe_error(error))
            if not answering:
                await respond(problem_of(error))(scope, receive, send)
