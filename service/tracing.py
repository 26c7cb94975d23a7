"""OpenTelemetry spans of requests and jobs.

The SDK is imported only if a collector is configured.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service import RELEASE

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["Span", "SpanKind", "Tracer", "open_tracer", "span", "traceparent", "tracer_of"]

SERVICE: Final = "customer-segmentation"
ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
TRACEPARENT: Final = "traceparent"
_propagator: Final = TraceContextTextMapPropagator()


def open_tracer() -> Tracer | None:
    """Return a tracer that exports to the collector of the standard variables; None without one."""
    if not any(map(os.environ.get, ENDPOINTS)):
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - see above
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource({"service.name": SERVICE, "service.version": RELEASE})
    provider = TracerProvider(resource=resource.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return tracer_of(provider)


def tracer_of(provider: "TracerProvider") -> Tracer:
    return provider.get_tracer(SERVICE, RELEASE)


@contextmanager
def span(
    tracer: Tracer | None,
    name: str,
    kind: SpanKind,
    parent: str | None,
    attributes: Mapping[str, str | int],
) -> Iterator[Span]:
    """Open a span, a child of the `traceparent` in `parent`.

    Errors are not recorded, as messages may hold values.
    """
    if tracer is None:
        yield INVALID_SPAN
        return
    context = _propagator.extract({TRACEPARENT: parent} if parent else {})
    with tracer.start_as_current_span(
        name, context, kind, attributes, record_exception=False, set_status_on_exception=False
    ) as opened:
        yield opened


def traceparent() -> str | None:
    """Return the W3C `traceparent` of the current span, for the jobs that it starts."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(TRACEPARENT)
