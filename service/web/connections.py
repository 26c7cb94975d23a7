"""Connections that must send the head of each request in time and within a size; uvicorn waits for ever, for any."""

from asyncio import AbstractEventLoop, BaseTransport, TimerHandle
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from service.web.intake import RequestTooSlow
from service.web.problems import plain_problem, problem_of
from service.web.refusals import respond

MOST_HEAD_BYTES: Final = 1 << 16


class Connection(HttpToolsProtocol):
    """Hangs up on whoever takes too long to ask; what is asked in the body is looked after by the app."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
        *,
        head_seconds: float,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_seconds = head_seconds
        self._head_due: TimerHandle | None = None
        self._head_bytes = 0
        self._begun = self._in_body = False

    def connection_made(self, transport: BaseTransport) -> None:
        """Expect a request."""
        super().connection_made(cast("Any", transport))
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._forget_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what has come, unless it is a head without an end."""
        if not self._in_body:
            self._expect_head()
        super().data_received(data)
        self._head_bytes += len(data) if self._head_due else 0
        if self._head_bytes > MOST_HEAD_BYTES:
            self._refuse(plain_problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))

    def on_message_begin(self) -> None:
        """Begin with a request."""
        self._begun = True
        self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._in_body = True
        self._forget_head()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Be done with a request."""
        self._begun = self._in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(plain_problem(HTTPStatus.BAD_REQUEST, msg))

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
        elif self._begun:
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
        self.transport.close()
