"""A tiny collector of spans: takes what OTLP over HTTP sends, and keeps it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span


@dataclass
class Collector:
    """What has been received, and where it was sent to."""

    address: str
    paths: list[str] = field(default_factory=list)
    received: list[ResourceSpans] = field(default_factory=list)

    def spans(self, name: str) -> list[Span]:
        """Give the spans of one name."""
        each = (
            span
            for resource in self.received
            for scope in resource.scope_spans
            for span in scope.spans
        )
        return [span for span in each if span.name == name]

    def resource(self) -> dict[str, str]:
        """Say what sent the first of them."""
        return {each.key: each.value.string_value for each in self.received[0].resource.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    server.collector = Collector(address=f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.collector
    server.shutdown()
    server.server_close()
    thread.join()


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.collector.paths.append(self.path)
        self.server.collector.received.extend(
            ExportTraceServiceRequest.FromString(body).resource_spans
        )
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
