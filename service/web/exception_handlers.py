"""Exception handlers that convert errors to problem responses."""

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
from service.web.problems import MAX_ERRORS, MEDIA_TYPE, http_problem, to_problem

RETRY_AFTER_SECONDS = 2
TRANSIENT_STATUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

logger = structlog.get_logger()


class JobFailed(ServiceError):
    """The job that this request waited for has failed."""

    def __init__(self, problem: Mapping[str, Any], job_id: str) -> None:
        super().__init__(problem["detail"])
        self.problem = dict(problem)
        self.job_id = job_id


def add_exception_handlers(app: FastAPI) -> None:
    app.add_exception_handler(ServiceError, _handle)
    app.add_exception_handler(SegmentationError, _handle)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(HTTPException, _handle_http_exception)


def problem_response(
    problem: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Build the response of a problem; a transient one has `Retry-After`."""
    status = problem["status"]
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status in TRANSIENT_STATUSES else {}
    body = {**problem, "instance": f"urn:request:{request_id()}"}
    return JSONResponse(body, status, {**retry, **(headers or {})}, media_type=MEDIA_TYPE)


def encode_problem(problem: Mapping[str, Any]) -> bytes:
    """Encode a problem as the last HTTP/1.1 response of a connection."""
    response = problem_response(problem, {"Connection": "close"})
    status = HTTPStatus(response.status_code)
    head = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
    head += [name + b": " + value for name, value in response.raw_headers]
    return b"\r\n".join([*head, b"", cast("bytes", response.body)])


def _handle(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, JobFailed):
        return problem_response(error.problem, {"X-Job": error.job_id})
    problem = to_problem(error)
    if problem["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("refused", problem=problem["type"], **summarize_exception(error))
    return problem_response(problem)


def _handle_validation_error(request: Request, error: Exception) -> JSONResponse:
    invalid = cast("RequestValidationError", error)
    is_unparsed = isinstance(invalid.body, bytes) and invalid.body
    if is_unparsed and not is_json(request.headers.get("content-type", "")):
        return problem_response(to_problem(UnsupportedFormat("Send application/json")))
    items = invalid.errors()
    errors = [_field_error(item, invalid.body) for item in items[:MAX_ERRORS]]
    problem = to_problem(InvalidRequest("The request is not valid", errors=errors))
    return problem_response({**problem, "n_errors": len(items)})


def _handle_http_exception(request: Request, error: Exception) -> JSONResponse:
    refusal = cast("HTTPException", error)
    status = HTTPStatus(refusal.status_code)
    headers = dict(refusal.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        # The methods of all routes that match; Starlette's `Allow` lists those of the first.
        paths = request.app.openapi()["paths"]
        matching = [paths[path] for path in paths if compile_path(path)[0].match(request.url.path)]
        headers["Allow"] = ", ".join(
            sorted({method.upper() for operations in matching for method in operations})
        )
    return problem_response(http_problem(status, str(refusal.detail)), headers)


def _field_error(item: Mapping[str, Any], body: object) -> FieldError:
    location, *loc = item["loc"]
    if location != "body":
        return FieldError(
            detail=f"{location} parameter {'.'.join(map(str, loc))}: {_message(item)}"
        )
    path = _path_in(body, loc)
    row = (
        path[1] + 1
        if path[:1] == ["customers"] and len(path) > 1 and isinstance(path[1], int)
        else None
    )
    return FieldError(detail=_message(item), pointer=pointer(path), row=row)


def _message(item: Mapping[str, Any]) -> str:
    """Return pydantic's message, except for an invalid tag, as that message quotes the input."""
    if item["type"] == "union_tag_invalid":
        return (
            f"Input should have one of {item['ctx']['expected_tags']} as "
            f"{item['ctx']['discriminator']}"
        )
    return str(item["msg"])


def _path_in(body: object, loc: Sequence[str | int]) -> list[str | int]:
    """Return the path of a validation error in the body.

    Its location without the names of union variants.
    """
    path: list[str | int] = []
    for position, part in enumerate(loc):
        exists = (isinstance(body, dict) and part in body) or (
            isinstance(body, list) and isinstance(part, int)
        )
        if exists:
            body = body[part]  # type: ignore[index]  # `exists` implies that it can be indexed
        if exists or (position == len(loc) - 1 and isinstance(body, dict)):
            path.append(part)
    return path
