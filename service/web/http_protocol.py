"""Connections that must send heads in time and within a size, and read answers; uvicorn waits for ever, for any."""

from asyncio import AbstractEventLoop, BaseTransport, TimerHandle, Transport
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.web.asgi import BadHead, check_head, without_upgrade_headers
from service.web.body_limits import RequestTooSlow
from service.web.exception_handlers import written
from service.web.pipeline_queue import PipelineQueue
from service.web.problems import http_problem, to_problem
from service.web.transport import LingeringTransport
from service.web.write_coalescing import CoalescingTransport

MOST_HEAD_BYTES: Final = 1 << 16
MAX_TRAILER_BYTES: Final = 1 << 13
# Pipelined requests that wait for their turn before no further bytes are parsed.
MAX_WAITING_REQUESTS: Final = 16
# Bytes parsed in one go: they bound how many requests one of them may hold, and how exactly heads are measured.
PIECE_BYTES: Final = 1 << 11
INVALID: Final = "Invalid HTTP request received."


class HttpProtocol(HttpToolsProtocol):
    """Hangs up on whoever takes too long to ask; what is asked in the body is looked after by the app.

    A refusal is sent after the answers to all requests that came before it. Bytes are parsed piece by piece, and no
    further once enough pipelined requests wait for their turn.
    """

    def __init__(  # noqa: PLR0913 - uvicorn's four, and ours
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
        self._turns = turns
        self._head_due: TimerHandle | None = None
        self._overhead = 0  # bytes of the head or of the trailers so far
        self._is_counted = self._in_body = self._head_over = False
        self._unparsed = memoryview(b"")
        self._refusal: Mapping[str, Any] | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Expect a request."""
        joined = CoalescingTransport(cast("Transport", transport), self.loop)
        self._exit = LingeringTransport(joined, self.loop, answer_seconds=self._answer_seconds)
        super().connection_made(cast("Any", self._exit))
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._forget_head()
        self._unparsed = memoryview(b"")
        self._exit.forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what has come, unless it is a head without an end; most come whole, and need no deadline."""
        if self._exit.is_lingering:
            self._exit.discard(len(data))
            return
        self._unparsed = memoryview(bytes(self._unparsed) + data)
        self._parse()

    def on_message_begin(self) -> None:
        """Begin with a request."""
        self._exit.in_midst, self._head_over = True, False
        self._count_anew()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; a trailer is none, and is dropped."""
        if not self._in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        if not self.parser.should_upgrade():
            check_head(self.parser.get_http_version(), self.headers)
            super().on_headers_complete()
        self._in_body = self._head_over = True
        self._count_anew()
        self._forget_head()

    def on_body(self, body: bytes) -> None:
        """Take in a part of the body."""
        self._count_anew()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Be done with a request."""
        self._in_body = False
        if not self.parser.should_upgrade():
            self._exit.in_midst = False
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on to the next request: one that waits, or one that is still to be parsed."""
        if self._refusal and not self.pipeline:
            self._send_refusal(self._refusal)
            return
        if self.pipeline:
            self._turns.put(self._go_on, self.loop)
        else:
            self._go_on()

    def pause_writing(self) -> None:
        """Wait for somebody who reads, not for ever."""
        self._exit.start_write_timeout()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Go on writing."""
        self._exit.cancel_write_timeout()
        super().resume_writing()

    def _go_on(self) -> None:
        """Start the next pipelined request, or wait for one; parse on if bytes are left."""
        super().on_response_complete()
        if self._unparsed:
            self.loop.call_soon(self._parse)

    def _parse(self) -> None:
        """Parse the bytes received so far, unless enough requests wait for their turn."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        while self._may_parse_on():
            piece, self._unparsed = bytes(self._unparsed[:PIECE_BYTES]), self._unparsed[PIECE_BYTES:]
            self._parse_piece(piece)
        if not self._exit.is_closing():
            self._read_on_or_stop()

    def _read_on_or_stop(self) -> None:
        if self._unparsed or self._refusal:
            self._exit.stop_reading()
            return
        self._exit.read_on(paused=self.flow.read_paused)
        if not self._head_over:
            self._expect_head()

    def _may_parse_on(self) -> bool:
        has_room = len(self.pipeline) < MAX_WAITING_REQUESTS
        return bool(self._unparsed) and has_room and not (self._refusal or self._exit.is_closing())

    def _parse_piece(self, piece: bytes) -> None:
        """Parse a piece, and count it unless a head, a body or a part of one begins in it."""
        self._head_over, self._is_counted = self._in_body, True
        self._feed(piece)
        self._overhead += len(piece) * self._is_counted
        if self._overhead > (MAX_TRAILER_BYTES if self._in_body else MOST_HEAD_BYTES) and not self._refusal:
            self._send_problem(http_problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))

    def _count_anew(self) -> None:
        self._overhead, self._is_counted = 0, False

    def _feed(self, data: bytes) -> None:
        try:
            while data:
                data = self._feed_until_wish(data)
        except HttpParserError as error:
            fault = error.__context__
            bad = fault if isinstance(fault, BadHead) else BadHead(HTTPStatus.BAD_REQUEST, INVALID)
            self._send_problem(http_problem(bad.status, bad.detail))

    def _feed_until_wish(self, data: bytes) -> bytes:
        """Parse up to a head that wishes for another protocol.

        Returns that head without the wish and what follows it, as a parser that sees the wish reads no body.
        """
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as wish:
            method, version = self.parser.get_method(), self.parser.get_http_version()
            if method == b"CONNECT":
                raise HttpParserError from None
            self.parser = HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
            begin = b"%b %b HTTP/%b\r\n" % (method, self.url, version.encode())
            return begin + without_upgrade_headers(self.headers) + b"\r\n" + data[wish.args[0] :]
        return b""

    def _expect_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(self._head_seconds, self._on_header_timeout)

    def _forget_head(self) -> None:
        if self._head_due:
            self._head_due.cancel()
        self._head_due = None

    def _on_header_timeout(self) -> None:
        self._head_due = None
        if self.cycle and not self.cycle.response_complete:
            self._expect_head()
        elif self._exit.in_midst:
            self._send_problem(to_problem(RequestTooSlow()))
        else:
            self.transport.close()

    def _send_problem(self, problem: Mapping[str, Any]) -> None:
        """Refuse a request, once all that came before it are answered, and parse no further."""
        self._forget_head()
        self._unparsed = memoryview(b"")
        self._refusal = problem
        if self._in_body:
            self._refuse_begun(self.cycle)
        elif not self.cycle or self.cycle.response_complete:
            self._send_refusal(problem)

    def _refuse_begun(self, cycle: RequestResponseCycle) -> None:
        """Refuse a request whose body is at fault, unless its answer has begun."""
        if self.pipeline:
            self.pipeline.popleft()
            return
        cycle.disconnected = True
        cycle.message_event.set()
        if cycle.response_started:
            self._exit.in_midst = True
            self.transport.close()
        else:
            self._send_refusal(cast("Mapping[str, Any]", self._refusal))

    def _send_refusal(self, problem: Mapping[str, Any]) -> None:
        if not self._exit.is_closing():
            self.transport.write(written(problem))
            self._exit.in_midst = True
            self.transport.close()
