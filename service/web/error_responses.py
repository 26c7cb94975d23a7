"""Error responses of OpenAPI operations, derived from their parameters and bodies."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from service.web.problems import MEDIA_TYPE

_TEXT: Final = {"type": "string"}
_RETRY_AFTER: Final = {
    "Retry-After": {
        "schema": {"type": "integer"},
        "description": "Seconds to wait before retrying.",
    }
}
_HEADERS: Final[Mapping[HTTPStatus, Mapping[str, Any]]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": {"schema": _TEXT, "description": "`Bearer`."}},
    HTTPStatus.TOO_MANY_REQUESTS: _RETRY_AFTER,
    HTTPStatus.SERVICE_UNAVAILABLE: _RETRY_AFTER,
}
_REQUEST_ID: Final = {
    "X-Request-ID": {"schema": _TEXT, "description": "The request id, as in the logs."}
}

Operation = dict[str, Any]


def add_error_responses(method: str, operation: Operation, *, is_open: bool) -> None:
    """Add the possible errors to an operation, and the common headers to all of its responses."""
    for status in _possible_errors(method, operation, is_open=is_open):
        operation["responses"].setdefault(str(status.value), _problem(status))
    for response in operation["responses"].values():
        response["headers"] = {**response.get("headers", {}), **_REQUEST_ID}


def _possible_errors(method: str, operation: Operation, *, is_open: bool) -> Iterator[HTTPStatus]:
    """Yield the possible error statuses; some of them twice."""
    parameters = {(each["in"], each["name"].lower()) for each in operation.get("parameters", ())}
    yield from (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
    yield from (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)
    if not is_open:
        yield from (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS)
    if operation["tags"] != ["health"]:  # probes may carry any query
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    if any(location == "path" for location, _ in parameters):
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
