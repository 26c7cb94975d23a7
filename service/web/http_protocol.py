"""uvicorn's HTTP protocol with the limits it lacks.

Header timeout, header size, write timeout, pipelining.
"""

from asyncio import AbstractEventLoop, BaseTransport, TimerHandle, Transport
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.web.asgi import BadHead, check_head, encode_without_upgrade
from service.web.body_limits import RequestTooSlow
from service.web.exception_handlers import encode_problem
from service.web.pipeline_queue import PipelineQueue
from service.web.problems import http_problem, to_problem
from service.web.transport import LingeringTransport
from service.web.write_coalescing import CoalescingTransport

MAX_HEAD_BYTES: Final = 1 << 16
MAX_TRAILER_BYTES: Final = 1 << 13
# Pipelined requests that may wait before parsing pauses.
MAX_WAITING_REQUESTS: Final = 16
# Bytes parsed at once: limits the requests in one piece and the error of the measured header size.
PIECE_BYTES: Final = 1 << 11
INVALID: Final = "Invalid HTTP request received."


class HttpProtocol(HttpToolsProtocol):
    """Closes connections whose request head is late, too large or malformed.

    Bodies are limited by the middleware.

    An error response follows the responses to all earlier pipelined requests. Bytes are parsed in
    pieces, and parsing pauses while too many pipelined requests wait.
    """

    def __init__(  # noqa: PLR0913 - four parameters are uvicorn's
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
        *,
        head_seconds: float,
        answer_seconds: float,
        turns: PipelineQueue,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_seconds = head_seconds
        self._answer_seconds = answer_seconds
        self._pipeline_queue = turns
        self._header_timer: TimerHandle | None = None
        self._overhead = 0  # bytes of the head or of the trailers so far
        self._is_counted = self._in_body = self._head_complete = False
        self._unparsed = memoryview(b"")
        self._pending_problem: Mapping[str, Any] | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Wrap the transport and start the header timeout."""
        coalescing = CoalescingTransport(cast("Transport", transport), self.loop)
        self._lingering = LingeringTransport(
            coalescing, self.loop, answer_seconds=self._answer_seconds
        )
        super().connection_made(cast("Any", self._lingering))
        self._start_header_timeout()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel all timers and drop unparsed bytes."""
        self._cancel_header_timeout()
        self._unparsed = memoryview(b"")
        self._lingering.cancel_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes, or discard them while lingering."""
        if self._lingering.is_lingering:
            self._lingering.discard(len(data))
            return
        self._unparsed = memoryview(bytes(self._unparsed) + data)
        self._parse()

    def on_message_begin(self) -> None:
        self._lingering.in_request, self._head_complete = True, False
        self._reset_overhead()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header; drop trailers."""
        if not self._in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Check the head and start the request.

        An upgrade request is parsed again without its upgrade headers.
        """
        if not self.parser.should_upgrade():
            check_head(self.parser.get_http_version(), self.headers)
            super().on_headers_complete()
        self._in_body = self._head_complete = True
        self._reset_overhead()
        self._cancel_header_timeout()

    def on_body(self, body: bytes) -> None:
        self._reset_overhead()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        if not self.parser.should_upgrade():
            self._lingering.in_request = False
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Send a pending refusal, or continue with the next pipelined request."""
        if self._pending_problem and not self.pipeline:
            self._send_and_close(self._pending_problem)
            return
        if self.pipeline:
            self._pipeline_queue.put(self._continue_pipeline, self.loop)
        else:
            self._continue_pipeline()

    def pause_writing(self) -> None:
        """Start the write timeout."""
        self._lingering.start_write_timeout()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._lingering.cancel_write_timeout()
        super().resume_writing()

    def _continue_pipeline(self) -> None:
        """Start the next pipelined request or the keep-alive timeout; parse the remaining bytes."""
        super().on_response_complete()
        if self._unparsed:
            self.loop.call_soon(self._parse)

    def _parse(self) -> None:
        """Parse received bytes until too many pipelined requests wait."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        while self._can_parse():
            piece, self._unparsed = (
                bytes(self._unparsed[:PIECE_BYTES]),
                self._unparsed[PIECE_BYTES:],
            )
            self._parse_piece(piece)
        if not self._lingering.is_closing():
            self._update_flow_control()

    def _update_flow_control(self) -> None:
        if self._unparsed or self._pending_problem:
            self._lingering.stop_reading()
            return
        self._lingering.restart_reading(paused=self.flow.read_paused)
        if not self._head_complete:
            self._start_header_timeout()

    def _can_parse(self) -> bool:
        has_free_slot = len(self.pipeline) < MAX_WAITING_REQUESTS
        return (
            bool(self._unparsed)
            and has_free_slot
            and not (self._pending_problem or self._lingering.is_closing())
        )

    def _parse_piece(self, piece: bytes) -> None:
        """Parse a piece; add its size to the overhead unless a head or body part begins in it."""
        self._head_complete, self._is_counted = self._in_body, True
        self._feed(piece)
        if self._is_counted:
            self._overhead += len(piece)
        if (
            self._overhead > (MAX_TRAILER_BYTES if self._in_body else MAX_HEAD_BYTES)
            and not self._pending_problem
        ):
            self._send_problem(http_problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))

    def _reset_overhead(self) -> None:
        self._overhead, self._is_counted = 0, False

    def _feed(self, data: bytes) -> None:
        try:
            while data:
                data = self._feed_until_upgrade(data)
        except HttpParserError as error:
            cause = error.__context__
            invalid = (
                cause if isinstance(cause, BadHead) else BadHead(HTTPStatus.BAD_REQUEST, INVALID)
            )
            self._send_problem(http_problem(invalid.status, invalid.detail))

    def _feed_until_upgrade(self, data: bytes) -> bytes:
        """Parse up to the end of an upgrade request's head.

        Return that head without its upgrade headers and the bytes after it, to be parsed again: the
        parser skips the body of an upgrade request.
        """
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            method, version = self.parser.get_method(), self.parser.get_http_version()
            if method == b"CONNECT":
                raise HttpParserError from None
            self.parser = HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as in uvicorn
            request_line = b"%b %b HTTP/%b\r\n" % (method, self.url, version.encode())
            return (
                request_line
                + encode_without_upgrade(self.headers)
                + b"\r\n"
                + data[upgrade.args[0] :]
            )
        return b""

    def _start_header_timeout(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(self._head_seconds, self._on_header_timeout)

    def _cancel_header_timeout(self) -> None:
        if self._header_timer:
            self._header_timer.cancel()
        self._header_timer = None

    def _on_header_timeout(self) -> None:
        self._header_timer = None
        if self.cycle and not self.cycle.response_complete:
            self._start_header_timeout()
        elif self._lingering.in_request:
            self._send_problem(to_problem(RequestTooSlow()))
        else:
            self.transport.close()

    def _send_problem(self, problem: Mapping[str, Any]) -> None:
        """Refuse a request after all earlier ones have been answered, and stop parsing."""
        self._cancel_header_timeout()
        self._unparsed = memoryview(b"")
        self._pending_problem = problem
        if self._in_body:
            self._reject_partial(self.cycle)
        elif not self.cycle or self.cycle.response_complete:
            self._send_and_close(problem)

    def _reject_partial(self, cycle: RequestResponseCycle) -> None:
        """Refuse a request with an invalid body; close the connection if its response has begun."""
        if self.pipeline:
            self.pipeline.popleft()
            return
        cycle.disconnected = True
        cycle.message_event.set()
        if cycle.response_started:
            self._lingering.in_request = True
            self.transport.close()
        else:
            self._send_and_close(cast("Mapping[str, Any]", self._pending_problem))

    def _send_and_close(self, problem: Mapping[str, Any]) -> None:
        if not self._lingering.is_closing():
            self.transport.write(encode_problem(problem))
            self._lingering.in_request = True
            self.transport.close()
