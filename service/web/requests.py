"""What is noted of every request: its id, its line in the log, its place in the metrics."""

import re
import time
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.metrics import Metrics

REQUEST_ID = "X-Request-ID"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Seen in logs and metrics alone: the client went before it was answered.
HUNG_UP = 499
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

logger = structlog.get_logger()


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
        given = Headers(scope=scope).get(REQUEST_ID, "")
        identifier = given if _ACCEPTABLE_ID.fullmatch(given) else str(uuid4())

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = identifier
            await send(message)

        self._metrics.begin_request()
        with structlog.contextvars.bound_contextvars(request_id=identifier):
            try:
                await self.app(scope, receive, send_with_id)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = method_of(scope), route_of(scope)
        self._metrics.end_request(method, route, status, seconds)
        logger.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 2), **_caller(scope))


def method_of(scope: Scope) -> str:
    """Name the method, if it is one of HTTP's: any other word is the client's own."""
    method: str = scope["method"]
    return method if method in METHODS else "other"


def route_of(scope: Scope) -> str:
    """Name the route's pattern: the path itself may hold a customer's id."""
    return getattr(scope.get("route"), "path", "-")


def _caller(scope: Scope) -> dict[str, str | None]:
    """Name the key's id and its tenant; the key itself is nowhere in the logs."""
    caller = scope.get("state", {}).get("caller")
    return {"tenant": caller.tenant, "key": caller.key} if caller else {}
