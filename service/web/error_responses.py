"""Which refusals OpenAPI declares for an operation: those that what it takes and gives makes possible."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from service.web.problems import MEDIA_TYPE

_TEXT: Final = {"type": "string"}
_RETRY_AFTER: Final = {
    "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds until it is worth asking again."}
}
_HEADERS: Final[Mapping[HTTPStatus, Mapping[str, Any]]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": {"schema": _TEXT, "description": "`Bearer`."}},
    HTTPStatus.TOO_MANY_REQUESTS: _RETRY_AFTER,
    HTTPStatus.SERVICE_UNAVAILABLE: _RETRY_AFTER,
}
_REQUEST_ID: Final = {"X-Request-ID": {"schema": _TEXT, "description": "The request's id, as in the logs."}}

Operation = dict[str, Any]


def add_error_responses(method: str, operation: Operation, *, is_open: bool) -> None:
    """Add to an operation what it refuses, and to each answer the headers that all have."""
    for status in _refusals(method, operation, is_open=is_open):
        operation["responses"].setdefault(str(status.value), _problem(status))
    for answer in operation["responses"].values():
        answer["headers"] = {**answer.get("headers", {}), **_REQUEST_ID}


def _refusals(method: str, operation: Operation, *, is_open: bool) -> Iterator[HTTPStatus]:
    """Give each status that is possible, some of them twice."""
    parameters = {(each["in"], each["name"].lower()) for each in operation.get("parameters", ())}
    yield from (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
    yield from (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)
    if not is_open:
        yield from (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS)
    if operation["tags"] != ["health"]:  # probes may carry any query
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    if any(place == "path" for place, _ in parameters):
        yield from (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE)
    if ("header", "if-match") in parameters:
        yield HTTPStatus.PRECONDITION_FAILED
    if ("query", "format") in parameters:
        yield HTTPStatus.NOT_ACCEPTABLE
    if "requestBody" in operation:
        yield from (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        yield from (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY)
    if method != "get":
        yield from (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


def _problem(status: HTTPStatus) -> dict[str, Any]:
    return {
        "description": f"{status.phrase}: a problem (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        "headers": _HEADERS.get(status, {}),
    }
