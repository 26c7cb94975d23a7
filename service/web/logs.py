"""One JSON object for each line of the log; a request's id in every line, a customer's values in none."""

import logging
import re
import sys
import time
import traceback
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-ID"
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# Seen in the log alone: the client went before it was answered.
HUNG_UP = 499

logger = structlog.get_logger()


def configure_logs(level: str) -> None:
    """Write every line, also those of libraries, as one JSON object to the standard error stream."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _without_values],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        ),
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def describe_error(error: BaseException) -> dict[str, Any]:
    """Say what kind of error came from where; its message stays out, as it may quote a customer's values."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "at": [f"{frame.name} ({frame.lineno})" for frame in frames[-8:]]}


def request_id() -> str:
    """Give the id of the request that is being answered."""
    return str(structlog.contextvars.get_contextvars().get("request_id", "-"))


class RequestLog:
    """Gives each request its id and its line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

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

        with structlog.contextvars.bound_contextvars(request_id=identifier):
            try:
                await self.app(scope, receive, send_with_id)
            finally:
                milliseconds = round((time.perf_counter() - started) * 1000, 2)
                line = {"method": scope["method"], "route": _route(scope), "status": status, "ms": milliseconds}
                logger.info("request", **line, **_caller(scope))


def _route(scope: Scope) -> str:
    """Name the route's pattern: the path itself may hold a customer's id."""
    return getattr(scope.get("route"), "path", "-")


def _caller(scope: Scope) -> dict[str, str | None]:
    """Name the key's id and its tenant; the key itself is nowhere in the logs."""
    caller = scope.get("state", {}).get("caller")
    return {"tenant": caller.tenant, "key": caller.key} if caller else {}


def _without_values(_: object, __: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Describe a library's exception by its kind: its message may quote a customer's values."""
    exc_info = event.get("exc_info")
    error = exc_info[1] if isinstance(exc_info, tuple) else None
    kept = {name: value for name, value in event.items() if name != "exc_info"}
    return {**kept, **describe_error(error)} if error else kept
