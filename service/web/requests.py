"""What is noted of every request: its id, its line in the log, its place in the metrics."""

import re
import time
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple, Self

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from service.callers import Caller
from service.web.heads import add_headers, header
from service.web.logs import RequestLine, log_request
from service.web.metrics import Metrics

REQUEST_ID = b"x-request-id"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Seen in logs and metrics alone: the client went before it was answered.
HUNG_UP = 499
_numbers = Random()  # noqa: S311 - an id is no secret, and the kernel need not be asked for each
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Noted(NamedTuple):
    """What is asked by whom, as it may be noted: the path itself may hold a customer's id, the key is a secret."""

    method: str
    route: str
    caller: Caller | None

    @classmethod
    def of(cls, scope: Scope) -> Self:
        """Read it from a request, once its route is known."""
        return cls(method_of(scope), route_of(scope), scope.get("state", {}).get("caller"))


class RequestLog:
    """Gives each request its id and its line in the log, and counts it."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = time.perf_counter()
        status = HUNG_UP
        identifier = identify(scope)

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
        finally:
            note(self._metrics, Noted.of(scope), identifier, status, time.perf_counter() - started)
            reset_contextvars(**bound)


def identify(scope: Scope) -> str:
    """Give a request its id: the one that it came with, or a new one."""
    return given_id(scope) or new_id()


def given_id(scope: Scope) -> str | None:
    """Give the id that a request came with, if it is one."""
    given = header(scope, REQUEST_ID)
    return given if given and _ACCEPTABLE_ID.fullmatch(given) else None


def new_id() -> str:
    """Make an id."""
    return f"{_numbers.getrandbits(128):032x}"


def note(metrics: Metrics, noted: Noted, identifier: str, status: int, seconds: float) -> None:
    """Count a request that is over, and write its line."""
    method, route, caller = noted
    metrics.end_request(method, route, status, seconds)
    line = RequestLine(method, route, status, round(seconds * 1000, 2), identifier, datetime.now(UTC))
    if caller:
        line.tenant, line.key = caller.tenant, caller.key
    log_request(line)


def method_of(scope: Scope) -> str:
    """Name the method, if it is one of HTTP's: any other word is the client's own."""
    method: str = scope["method"]
    return method if method in METHODS else "other"


def route_of(scope: Scope) -> str:
    """Name the route's pattern: the path itself may hold a customer's id."""
    return getattr(scope.get("route"), "path", "-")
