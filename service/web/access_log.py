"""ASGI middleware for request ids, the access log and request metrics."""

import re
import time
from datetime import UTC, datetime
from random import Random

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from service.web.asgi import add_headers, get_header
from service.web.exception_handlers import problem_response
from service.web.logging import AccessLogEntry, log_request, summarize_exception
from service.web.metrics import Metrics
from service.web.problems import to_problem

REQUEST_ID = b"x-request-id"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Used in logs, metrics and traces only: the client disconnected before the response, as in nginx.
CLIENT_CLOSED_REQUEST = 499
_random = Random()  # noqa: S311 - ids are not secret; this avoids a system call per request
logger = structlog.get_logger()
_VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestLogMiddleware:
    """Assigns request ids, logs and counts requests, and converts unhandled errors to problems."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = time.perf_counter()
        status = CLIENT_CLOSED_REQUEST
        identifier = request_id_of(scope)

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                add_headers(message, (REQUEST_ID, identifier.encode()))
            await send(message)

        self._metrics.begin_request()
        # Structlog's context manager costs twice as much.
        bound = bind_contextvars(request_id=identifier)
        try:
            await self.app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 - the outermost handler
            logger.error("unforeseen", **summarize_exception(error))
            if status == CLIENT_CLOSED_REQUEST:
                await problem_response(to_problem(error))(scope, receive, send_with_id)
        finally:
            self._log(scope, identifier, status, time.perf_counter() - started)
            reset_contextvars(**bound)

    def _log(self, scope: Scope, identifier: str, status: int, seconds: float) -> None:
        method, route, caller = (
            method_of(scope),
            route_of(scope),
            scope.get("state", {}).get("caller"),
        )
        self._metrics.end_request(method, route, status, seconds)
        entry = AccessLogEntry(
            method, route, status, round(seconds * 1000, 2), identifier, datetime.now(UTC)
        )
        if caller:
            entry.tenant, entry.key = caller.tenant, caller.key
        log_request(entry)


def request_id_of(scope: Scope) -> str:
    """Return the request's `X-Request-ID` if it is valid, or a new id."""
    given = get_header(scope, REQUEST_ID)
    return given if given and _VALID_ID.fullmatch(given) else f"{_random.getrandbits(128):032x}"


def method_of(scope: Scope) -> str:
    """Return the HTTP method, or `other`, so that clients cannot create labels."""
    method: str = scope["method"]
    return method if method in METHODS else "other"


def route_of(scope: Scope) -> str:
    """Return the route pattern, as the path may contain a customer id."""
    return getattr(scope.get("route"), "path", "-")
