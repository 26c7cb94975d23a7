"""OpenTelemetry spans of requests."""

from http import HTTPStatus
from typing import Final

from opentelemetry.trace import StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.tracing import TRACEPARENT, Span, SpanKind, Tracer, span
from service.web.access_log import CLIENT_CLOSED_REQUEST, method_of, route_of
from service.web.logging import request_id

UNTRACED: Final = frozenset({"/livez", "/readyz", "/metrics"})


class TracingMiddleware:
    """Opens a span per request, with the attributes of the access log.

    Probes and scrapes are not traced.
    """

    def __init__(self, app: ASGIApp, *, tracer: Tracer) -> None:
        self.app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in UNTRACED:
            return await self.app(scope, receive, send)
        status = CLIENT_CLOSED_REQUEST

        async def record_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        parent = Headers(scope=scope).get(TRACEPARENT)
        with span(
            self._tracer,
            "request",
            SpanKind.SERVER,
            parent,
            {"segmentation.request_id": request_id()},
        ) as request_span:
            try:
                await self.app(scope, receive, record_status)
            except Exception:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                raise
            finally:
                _set_attributes(request_span, scope, status)


def _set_attributes(request_span: Span, scope: Scope, status: int) -> None:
    caller = scope.get("state", {}).get("caller")
    method, route = method_of(scope), route_of(scope)
    request_span.update_name(f"{method} {route}")
    request_span.set_attributes(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            **({"segmentation.tenant": caller.tenant} if caller else {}),
        }
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        request_span.set_status(StatusCode.ERROR)
