"""A span for each request."""

from http import HTTPStatus
from typing import Final

from opentelemetry.trace import StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.tracing import TRACEPARENT, Span, SpanKind, Tracer, span
from service.web.access_log import HUNG_UP, method_of, route_of
from service.web.logging import request_id

UNTRACED: Final = frozenset({"/livez", "/readyz", "/metrics"})


class TracingMiddleware:
    """Opens a span for each request but the orchestrator's; it says no more than the request's line in the log."""

    def __init__(self, app: ASGIApp, *, tracer: Tracer) -> None:
        self.app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] in UNTRACED:
            return await self.app(scope, receive, send)
        status = HUNG_UP

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        parent = Headers(scope=scope).get(TRACEPARENT)
        with span(
            self._tracer, "request", SpanKind.SERVER, parent, {"segmentation.request_id": request_id()}
        ) as opened:
            try:
                await self.app(scope, receive, watch)
            except Exception:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                raise
            finally:
                _describe(opened, scope, status)


def _describe(opened: Span, scope: Scope, status: int) -> None:
    caller = scope.get("state", {}).get("caller")
    method, route = method_of(scope), route_of(scope)
    opened.update_name(f"{method} {route}")
    opened.set_attributes(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            **({"segmentation.tenant": caller.tenant} if caller else {}),
        }
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        opened.set_status(StatusCode.ERROR)
