"""How a refusal reaches the client: every error of the app becomes a problem."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from models.errors import SegmentationError
from service.errors import FieldError, InvalidRequest, ServiceError, pointer
from service.web.formats import UnsupportedFormat, is_json
from service.web.logging import request_id, summarize_exception
from service.web.problems import MEDIA_TYPE, MOST_ERRORS, http_problem, to_problem

RETRY_AFTER_SECONDS = 2
PASSING = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

logger = structlog.get_logger()


class JobFailed(ServiceError):
    """The job that this request waited for has failed."""

    def __init__(self, problem: Mapping[str, Any], job_id: str) -> None:
        super().__init__(problem["detail"])
        self.problem = dict(problem)
        self.job_id = job_id


def add_exception_handlers(app: FastAPI) -> None:
    """Answer every error of an app with a problem."""
    app.add_exception_handler(ServiceError, _handle)
    app.add_exception_handler(SegmentationError, _handle)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, _handle_http_exception)


def problem_response(problem: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Send a problem; one that will pass says when to try again."""
    status = problem["status"]
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status in PASSING else {}
    body = {**problem, "instance": f"urn:request:{request_id()}"}
    return JSONResponse(body, status, {**retry, **(headers or {})}, media_type=MEDIA_TYPE)


def written(problem: Mapping[str, Any]) -> bytes:
    """Write a problem as the last answer on a connection."""
    answer = problem_response(problem, {"Connection": "close"})
    status = HTTPStatus(answer.status_code)
    head = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
    head += [name + b": " + value for name, value in answer.raw_headers]
    return b"\r\n".join([*head, b"", cast("bytes", answer.body)])


def _handle(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, JobFailed):
        return problem_response(error.problem, {"X-Job": error.job_id})
    problem = to_problem(error)
    if problem["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("refused", problem=problem["type"], **summarize_exception(error))
    return problem_response(problem)


def _handle_validation_error(request: Request, error: Exception) -> JSONResponse:
    invalid = cast("RequestValidationError", error)
    if isinstance(invalid.body, bytes) and invalid.body and not _is_json(request):
        return problem_response(to_problem(UnsupportedFormat("Send application/json")))
    found = invalid.errors()
    errors = [_field_error(item, invalid.body) for item in found[:MOST_ERRORS]]
    problem = to_problem(InvalidRequest("The request is not valid", errors=errors))
    return problem_response({**problem, "n_errors": len(found)})


def _handle_http_exception(request: Request, error: Exception) -> JSONResponse:
    refusal = cast("HTTPException", error)
    status = HTTPStatus(refusal.status_code)
    headers = dict(refusal.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed_methods(request))
    return problem_response(http_problem(status, str(refusal.detail)), headers)


def _is_json(request: Request) -> bool:
    return is_json(request.headers.get("content-type", ""))


def _allowed_methods(request: Request) -> list[str]:
    """List all methods of a path: the router knows only those of the first route that fits."""
    paths = request.app.openapi()["paths"]
    fitting = [paths[path] for path in paths if compile_path(path)[0].match(request.url.path)]
    return sorted({method.upper() for operations in fitting for method in operations})


def _field_error(item: Mapping[str, Any], body: object) -> FieldError:
    place, *loc = item["loc"]
    if place != "body":
        return FieldError(detail=f"{place} parameter {'.'.join(map(str, loc))}: {_message(item)}")
    path = _path_in(body, loc)
    row = path[1] + 1 if path[:1] == ["customers"] and len(path) > 1 and isinstance(path[1], int) else None
    return FieldError(detail=_message(item), pointer=pointer(path), row=row)


def _message(item: Mapping[str, Any]) -> str:
    """Say what is wrong; of a tag that is none, pydantic would quote what was sent."""
    if item["type"] == "union_tag_invalid":
        return f"Input should have as {item['ctx']['discriminator']} one of {item['ctx']['expected_tags']}"
    return str(item["msg"])


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
