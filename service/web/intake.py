"""A request's body on its way in: no larger than its route takes, within its time, and not nested too deeply."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from starlette.types import Message, Receive, Scope

from service.errors import ServiceError
from service.web.formats import is_json
from service.web.formats.nesting import check_depth
from service.web.heads import header

if TYPE_CHECKING:
    from starlette.requests import Request

INTAKE: Final = "service.intake"
HUNG_UP: Final[Message] = {"type": "http.disconnect"}


class BodyTooLarge(ServiceError):
    """The body is larger than the service takes in one request."""


class RequestTooSlow(ServiceError):
    """The request did not arrive in time."""


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What a request may send unless its route takes more."""

    n_bytes: int
    seconds: float
    depth: int


class Intake:
    """Takes in one request's body; once something is refused, there is no more of it to be had."""

    def __init__(self, scope: Scope, receive: Receive, allowed: Allowance) -> None:
        length = header(scope, b"content-length") or ""
        self.refusal: ServiceError | None = None
        self.complete = header(scope, b"transfer-encoding") is None and length in {"", "0"}
        self._declared = int(length) if length.isdecimal() else 0
        self._most, self._depth = allowed.n_bytes, allowed.depth
        self._is_document = is_json(header(scope, b"content-type") or "")
        self._until = asyncio.get_running_loop().time() + allowed.seconds
        self._receive = receive
        self._received = 0

    def expect_table(self, n_bytes: int) -> None:
        """Take a table instead of a document: this large, and whoever reads it looks after its depth."""
        self._most, self._is_document = n_bytes, False

    async def receive(self) -> Message:
        """Give the next part of the body; a document comes whole."""
        if self.complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await (self._document() if self._is_document else self._next())
        except TimeoutError:
            self.refusal = RequestTooSlow()
        except ServiceError as refusal:
            self.refusal = refusal
        if self.refusal:
            return HUNG_UP
        self.complete = not message.get("more_body")
        return message

    async def _document(self) -> Message:
        document = bytearray()
        more = True
        while more:
            message = await self._next()
            document += message.get("body", b"")
            more = bool(message.get("more_body"))
        check_depth(document, self._depth)
        return {**message, "body": bytes(document)}

    async def _next(self) -> Message:
        self._check_size(self._declared)
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self._check_size(self._received)
        return message

    def _check_size(self, n_bytes: int) -> None:
        if n_bytes > self._most:
            raise BodyTooLarge(f"The body is larger than the {self._most:,} bytes that are taken here")


def expect_table(request: "Request", n_bytes: int) -> None:
    """Let a request send a table of this size, where others send a document."""
    cast("Intake", request.scope[INTAKE]).expect_table(n_bytes)


def at_once(receive: Receive) -> Message | None:
    """Give what has been received already; None if one would have to wait, and then nothing is lost."""
    waiting = cast("Coroutine[object, None, Message]", receive())
    try:
        waiting.send(None)
    except StopIteration as had:
        return cast("Message", had.value)
    waiting.close()
    return None


def is_whole(message: Message) -> bool:
    """Tell whether a message is all of a body."""
    return message["type"] == "http.request" and not message.get("more_body")


def received_again(messages: Sequence[Message], receive: Receive) -> Receive:
    """Receive the same once more, and then what follows."""
    ahead = iter(messages)

    async def receive_again() -> Message:
        return next(ahead, None) or await receive()

    return receive_again
