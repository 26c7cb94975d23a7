"""A request's body on its way in: within the limits of its route, its time and the memory that all bodies share."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope

from service.errors import ServiceError
from service.web.asgi import get_header
from service.web.formats import UnsupportedFormat, is_json
from service.web.formats.charsets import IN_MEMORY
from service.web.formats.json_depth import check_depth
from service.web.memory_budget import MemoryBudget

if TYPE_CHECKING:
    from starlette.requests import Request

INTAKE: Final = "service.intake"
DISCONNECT: Final[Message] = {"type": "http.disconnect"}
MAX_LOOP_BYTES: Final = 1 << 14  # a larger body is parsed and searched in a thread, and counts in the memory budget
MAX_CONTENT_TYPE: Final = 1_000  # characters: FastAPI's parser of media types takes quadratic time
# Bytes of memory for each byte of a body, as measured on unfavourable ones: read as Python objects, or as a table.
OBJECT_WEIGHT: Final = 48
TABLE_WEIGHT: Final = 8


class BodyTooLarge(ServiceError):
    """The body is larger than the service takes in one request."""


class RequestTooSlow(ServiceError):
    """The request did not arrive in time."""


@dataclass(frozen=True, kw_only=True)
class BodyLimits:
    """What a request may send unless its route takes more."""

    n_bytes: int
    seconds: float
    depth: int


class LimitedReceive:
    """Takes in one request's body; once something is refused, there is no more of it to be had."""

    def __init__(self, scope: Scope, receive: Receive, allowed: BodyLimits, budget: MemoryBudget) -> None:
        length = get_header(scope, b"content-length") or ""
        content_type = get_header(scope, b"content-type") or ""
        self.refusal: ServiceError | None = None
        self.complete = get_header(scope, b"transfer-encoding") is None and length in {"", "0"}
        self._declared = int(length) if length.isdecimal() else 0
        self._most, self._depth = allowed.n_bytes, allowed.depth
        self._is_fit_to_parse = len(content_type) <= MAX_CONTENT_TYPE
        self._is_document = self._is_fit_to_parse and is_json(content_type)
        self._until = asyncio.get_running_loop().time() + allowed.seconds
        self._receive = receive
        self._received = self._memory = 0
        self._weight = OBJECT_WEIGHT
        self._budget = budget

    def allow_table(self, n_bytes: int, weight: int) -> None:
        """Take a table instead of a document: this large, and whoever reads it looks after its depth."""
        self._most, self._is_document, self._weight = n_bytes, False, weight

    async def receive(self) -> Message:
        """Give the next part of the body; a document comes whole."""
        if self.refusal:
            return DISCONNECT
        if self.complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await (self._document() if self._is_document else self._next())
            if is_complete(message):
                await self._prepare(message)
        except TimeoutError:
            self.refusal = RequestTooSlow()
        except ServiceError as refusal:
            self.refusal = refusal
        if self.refusal:
            return DISCONNECT
        self.complete = not message.get("more_body")
        return message

    async def _document(self) -> Message:
        document = bytearray()
        more = True
        while more:
            message = await self._next()
            document += message.get("body", b"")
            more = bool(message.get("more_body"))
        return {**message, "body": bytes(document)}

    async def _prepare(self, message: Message) -> None:
        """Take the memory that it takes to read the body, and check how deeply a document is nested."""
        await self._take_memory(self._received * self._weight)
        if not self._is_document:
            return
        if self._received <= MAX_LOOP_BYTES:
            check_depth(message["body"], self._depth)
        else:
            await run_in_threadpool(check_depth, message["body"], self._depth)

    async def _next(self) -> Message:
        if not self._is_fit_to_parse:
            raise UnsupportedFormat(f"The Content-Type has more than {MAX_CONTENT_TYPE:,} characters")
        self._check_size(self._declared)
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self._check_size(self._received)
        await self._take_memory(min(self._received, IN_MEMORY))
        return message

    async def _take_memory(self, n_bytes: int) -> None:
        """Take so much in all of the memory that all bodies share; small bodies need none of it."""
        n_more = min(n_bytes, self._budget.max_share) - self._memory
        if self._received > MAX_LOOP_BYTES and n_more > 0:
            await self._budget.take(n_more)
            self._memory += n_more

    def give_back_memory(self) -> None:
        """Give back what the body took of the memory that all bodies share."""
        if self._memory:
            self._budget.give_back(self._memory)
            self._memory = 0

    def _check_size(self, n_bytes: int) -> None:
        if n_bytes > self._most:
            raise BodyTooLarge(f"The body is larger than the {self._most:,} bytes that are taken here")


def allow_table(request: "Request", n_bytes: int, weight: int) -> None:
    """Let a request send a table of this size, where others send a document."""
    cast("LimitedReceive", request.scope[INTAKE]).allow_table(n_bytes, weight)


def is_complete(message: Message) -> bool:
    """Return whether a message is all of a body."""
    return message["type"] == "http.request" and not message.get("more_body")


def replay_body(messages: Sequence[Message], receive: Receive) -> Receive:
    """Receive the same once more, and then what follows."""
    ahead = iter(messages)

    async def receive_again() -> Message:
        return next(ahead, None) or await receive()

    return receive_again
