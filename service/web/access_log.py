"""What is noted of every request: its id, its line in the log, its place in the metrics."""

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
# Seen in logs and metrics alone: the client went before it was answered.
HUNG_UP = 499
_numbers = Random()  # noqa: S311 - an id is no secret, and the kernel need not be asked for each
logger = structlog.get_logger()
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestLogMiddleware:
    """Gives each request its id, its log line and its place in the metrics; answers unhandled errors with a problem."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = time.perf_counter()
        status = HUNG_UP
        identifier = request_id_of(scope)

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                add_headers(message, (REQUEST_ID, identifier.encode()))
            await send(message)

        self._metrics.begin_request()
        bound = bind_contextvars(request_id=identifier)  # its own context manager would cost twice as much
        try:
            await self.app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 - this is the last one who can answer
            logger.error("unforeseen", **summarize_exception(error))
            if status == HUNG_UP:
                await problem_response(to_problem(error))(scope, receive, send_with_id)
        finally:
            self._log(scope, identifier, status, time.perf_counter() - started)
            reset_contextvars(**bound)

    def _log(self, scope: Scope, identifier: str, status: int, seconds: float) -> None:
        method, route, caller = method_of(scope), route_of(scope), scope.get("state", {}).get("caller")
        self._metrics.end_request(method, route, status, seconds)
        line = AccessLogEntry(method, route, status, round(seconds * 1000, 2), identifier, datetime.now(UTC))
        if caller:
            line.tenant, line.key = caller.tenant, caller.key
        log_request(line)


def request_id_of(scope: Scope) -> str:
    """Return the id that a request came with if it is acceptable, or a new one."""
    given = get_header(scope, REQUEST_ID)
    return given if given and _ACCEPTABLE_ID.fullmatch(given) else f"{_numbers.getrandbits(128):032x}"


def method_of(scope: Scope) -> str:
    """Name the method, if it is one of HTTP's: any other word is the client's own."""
    method: str = scope["method"]
    return method if method in METHODS else "other"


def route_of(scope: Scope) -> str:
    """Name the route's pattern: the path itself may hold a customer's id."""
    return getattr(scope.get("route"), "path", "-")
