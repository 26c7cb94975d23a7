"""Connections that must send heads in time and within a size, and read answers; uvicorn waits for ever, for any."""

from asyncio import AbstractEventLoop, BaseTransport, TimerHandle, Transport
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn import Config
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.web.heads import without_wish
from service.web.intake import RequestTooSlow
from service.web.joined import Joined
from service.web.leaving import Exit
from service.web.problems import plain_problem, problem_of
from service.web.refusals import respond
from service.web.repeated import Repeated
from service.web.replies import Ask, AtOnce, Reply

MOST_HEAD_BYTES: Final = 1 << 16
INVALID: Final = "Invalid HTTP request received."


class Connection(HttpToolsProtocol):
    """Hangs up on whoever takes too long to ask; what is asked in the body is looked after by the app.

    `at_once` is asked first about each request that has come whole: its answer needs no task. A head that is `repeated`
    is not even read again.
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
        at_once: AtOnce | None = None,
        repeated: Repeated | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_seconds = head_seconds
        self._answer_seconds = answer_seconds
        self._head_due: TimerHandle | None = None
        self._head_bytes = 0
        self._in_body = self._head_over = self._parsing = False
        self._at_once = at_once
        self._repeated = repeated
        self._answered_at = 0.0
        self._to_start: tuple[RequestResponseCycle, ASGI3Application] | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Expect a request."""
        joined = Joined(cast("Transport", transport), self.loop)
        self._exit = Exit(joined, self.loop, answer_seconds=self._answer_seconds)
        super().connection_made(cast("Any", self._exit))
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._forget_head()
        self._exit.forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what has come, unless it is a head without an end; most come whole, and need no deadline."""
        if self._exit.lingers:
            self._exit.throw_away(len(data))
            return
        begins = self._is_between_requests()
        if begins and self._repeated and (known := self._repeated.find(data)) and self._answer(*known):
            return
        self._head_over = self._in_body
        self._parsing = True
        self._read(data)
        self._parsing = False
        if self._to_start and not self._exit.is_closing():
            self._answer_or_start(*self._to_start, data if begins else None)
        if self._head_over or self._exit.is_closing():
            return
        self._expect_head()
        self._head_bytes += len(data)
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse(plain_problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))

    def on_message_begin(self) -> None:
        """Begin with a request."""
        self._exit.in_midst, self._head_over = True, False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._in_body = self._head_over = True
        self._forget_head()
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Be done with a request."""
        if not self.parser.should_upgrade():
            self._exit.in_midst = self._in_body = False
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Wait for somebody who reads, not for ever."""
        self._exit.expect_reader()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Go on writing."""
        self._exit.forget_reader()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(plain_problem(HTTPStatus.BAD_REQUEST, msg))

    def _read(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as wish:
            self._pass_over(data[wish.args[0] :])
        except HttpParserError:
            self.send_400_response(INVALID)

    def _pass_over(self, rest: bytes) -> None:
        """Read a request as if it did not wish for another protocol, as a parser that sees the wish reads no body."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        if method == b"CONNECT":
            self.send_400_response(INVALID)
            return
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        begin = b"%b %b HTTP/%b\r\n" % (method, self.url, version.encode())
        self._read(begin + without_wish(self.headers) + b"\r\n" + rest)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Wait until all that has come is read: the body comes with the head more often than not."""
        if self._parsing:
            self._to_start = cycle, app
        else:
            super()._start_asgi_task(cycle, app)

    def timeout_keep_alive_handler(self) -> None:
        """Hang up, unless something was asked meanwhile: the timer is not set anew for each request."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def _is_between_requests(self) -> bool:
        is_answered = self.cycle is None or self.cycle.response_complete
        return is_answered and not (self._exit.in_midst or self._head_bytes or self.flow.write_paused)

    def _answer(self, ask: Ask, body: bytes) -> bool:
        """Answer the only request that has come, without reading its head; False if it must take the usual road."""
        reply = None if self._exit.is_closing() else ask(body)
        if reply is None:
            return False
        self._forget_head()
        self._write(reply)
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_handler()
        return True

    def _answer_or_start(self, cycle: RequestResponseCycle, app: ASGI3Application, request: bytes | None) -> None:
        """Answer what can be answered at once: a task, its events and its messages cost more than many an answer."""
        self._to_start = None
        is_usual = cycle.keep_alive and not (cycle.more_body or self.flow.write_paused or self._exit.is_closing())
        ask = self._at_once(cast("dict[str, Any]", cycle.scope)) if self._at_once and is_usual else None
        reply = ask(bytes(cycle.body)) if ask else None
        if ask is None or reply is None:
            super()._start_asgi_task(cycle, app)
            return
        if self._repeated and request:
            self._repeated.keep(request, len(cycle.body), ask)
        cycle.response_started = cycle.response_complete = True
        self._write(reply)
        self.on_response_complete()

    def _write(self, reply: Reply) -> None:
        self._exit.write_whole(reply.bytes(self.server_state.default_headers))

    def _expect_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(self._head_seconds, self._hang_up)

    def _forget_head(self) -> None:
        if self._head_due:
            self._head_due.cancel()
        self._head_due, self._head_bytes = None, 0

    def _hang_up(self) -> None:
        self._head_due = None
        if self.cycle and not self.cycle.response_complete:
            self._expect_head()
        elif self._exit.in_midst:
            self._refuse(problem_of(RequestTooSlow()))
        else:
            self.transport.close()

    def _refuse(self, problem: Mapping[str, Any]) -> None:
        self._forget_head()
        answer = respond(problem, {"Connection": "close"})
        status = HTTPStatus(answer.status_code)
        head = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        head += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"", cast("bytes", answer.body)]))
        self._exit.in_midst = True
        self.transport.close()
