"""Limits on request bodies, and the ASGI middleware that enforces them.

Size, receive timeout, JSON depth, and the memory budget shared by all bodies.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from anyio import from_thread
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ServiceError
from service.web.asgi import get_header
from service.web.exception_handlers import problem_response
from service.web.formats import UnsupportedFormat, is_json
from service.web.formats.charsets import IN_MEMORY
from service.web.formats.json_depth import check_depth
from service.web.memory_budget import MemoryBudget
from service.web.problems import to_problem

INTAKE: Final = "service.intake"
CLOSE_HEADERS: Final = {"Connection": "close"}
DISCONNECT: Final[Message] = {"type": "http.disconnect"}
# A larger body is parsed and searched in a thread, and counts in the memory budget.
MAX_LOOP_BYTES: Final = 1 << 14
IDENTITY: Final = "identity"
MAX_CONTENT_TYPE: Final = 1_000  # characters: FastAPI's parser of media types takes quadratic time
# Bytes of memory per byte of a body, measured on worst cases: parsed to Python objects, or to a
# table.
OBJECT_WEIGHT: Final = 48
TABLE_WEIGHT: Final = 8
# A smaller share is not worth a visit of the event loop.
MIN_SHARE: Final = MAX_LOOP_BYTES * TABLE_WEIGHT


class BodyTooLarge(ServiceError):
    """The body exceeds the size limit of the request."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class RequestTooSlow(ServiceError):
    """The request did not arrive in time."""

    status = HTTPStatus.REQUEST_TIMEOUT


@dataclass(frozen=True, kw_only=True)
class BodyLimits:
    """Default limits of a request; routes that accept tables increase them."""

    n_bytes: int
    seconds: float
    depth: int


class LimitedReceive:
    """ASGI receive callable that enforces the limits.

    After a refusal it returns only `http.disconnect`.
    """

    def __init__(
        self, scope: Scope, receive: Receive, allowed: BodyLimits, budget: MemoryBudget
    ) -> None:
        length = get_header(scope, b"content-length") or ""
        content_type = get_header(scope, b"content-type") or ""
        self.refusal: ServiceError | None = None
        self.complete = get_header(scope, b"transfer-encoding") is None and length in {"", "0"}
        self._declared = int(length) if length.isdecimal() else 0
        self._max_bytes, self._depth = allowed.n_bytes, allowed.depth
        self._is_content_type_short = len(content_type) <= MAX_CONTENT_TYPE
        self._encoding = get_header(scope, b"content-encoding") or IDENTITY
        self._is_document = self._is_content_type_short and is_json(content_type)
        self._deadline = asyncio.get_running_loop().time() + allowed.seconds
        self._receive = receive
        self._received = self._memory = 0
        self._weight = OBJECT_WEIGHT
        self._in_memory_bytes, self._unpacked_bytes = IN_MEMORY, 0
        self._budget = budget

    def allow_table(
        self,
        n_bytes: int,
        weight: int,
        *,
        in_memory_bytes: int = IN_MEMORY,
        unpacked_bytes: int = 0,
    ) -> None:
        """Expect a table of up to `n_bytes` instead of a JSON document.

        Its reader checks the nesting depth. The first `in_memory_bytes` are kept in memory while
        they arrive. A compressed table reserves `unpacked_bytes`, however small it is.
        """
        self._max_bytes, self._is_document, self._weight = n_bytes, False, weight
        self._in_memory_bytes, self._unpacked_bytes = in_memory_bytes, unpacked_bytes

    async def receive(self) -> Message:
        """Receive the next part of the body; a JSON document is received as a whole."""
        if self.refusal:
            return DISCONNECT
        if self.complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await (
                    self._receive_document() if self._is_document else self._receive_part()
                )
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

    async def _receive_document(self) -> Message:
        document = bytearray()
        more = True
        while more:
            message = await self._receive_part()
            document += message.get("body", b"")
            more = bool(message.get("more_body"))
        return {**message, "body": bytes(document)}

    async def _prepare(self, message: Message) -> None:
        """Acquire the memory to parse the body, and check the nesting depth of a JSON document."""
        await self._acquire_memory(max(self._received * self._weight, self._unpacked_bytes))
        if not self._is_document:
            return
        if self._received <= MAX_LOOP_BYTES:
            check_depth(message["body"], self._depth)
        else:
            await run_in_threadpool(check_depth, message["body"], self._depth)

    async def _receive_part(self) -> Message:
        if not self._is_content_type_short:
            raise UnsupportedFormat(
                f"The Content-Type has more than {MAX_CONTENT_TYPE:,} characters"
            )
        if self._encoding.strip().lower() != IDENTITY:
            raise UnsupportedFormat(
                "Send the body as it is, without a Content-Encoding: none is unpacked here"
            )
        self._check_size(self._declared)
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self._check_size(self._received)
        await self._acquire_memory(min(self._received, self._in_memory_bytes))
        return message

    async def _acquire_memory(self, n_bytes: int) -> None:
        """Acquire memory for the body, `n_bytes` in total, from the shared budget.

        Small bodies need none, unless they are compressed.
        """
        is_small = self._received <= MAX_LOOP_BYTES and not self._unpacked_bytes
        if not is_small:
            await self._acquire(min(n_bytes, self._budget.max_share))

    def acquire_decoded(self, n_bytes: int) -> None:
        """Acquire memory for the decoded table, `n_bytes` in total; called in a worker thread.

        A table that takes more than the budget waits until it has all of it.
        """
        if n_bytes > MIN_SHARE:
            from_thread.run(self._acquire, min(n_bytes, self._budget.n_bytes))

    async def _acquire(self, n_bytes: int) -> None:
        n_more = n_bytes - self._memory
        if n_more > 0:
            await self._budget.acquire(n_more)
            self._memory += n_more

    def release_memory(self) -> None:
        if self._memory:
            self._budget.release(self._memory)
            self._memory = 0

    def _check_size(self, n_bytes: int) -> None:
        if n_bytes > self._max_bytes:
            raise BodyTooLarge(f"The body exceeds the limit of {self._max_bytes:,} bytes")


class BodyLimitMiddleware:
    """Limits the size, time, depth and memory of request bodies.

    Stops reading a body once its response has begun, and closes the connection after a refusal.
    """

    def __init__(self, app: ASGIApp, allowed: BodyLimits, budget: MemoryBudget) -> None:
        self.app = app
        self.allowed = allowed
        self._budget = budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        intake = scope[INTAKE] = LimitedReceive(scope, receive, self.allowed, self._budget)
        response_started = False

        async def send_unless_rejected(message: Message) -> None:
            nonlocal response_started
            if intake.refusal and not response_started:
                return
            response_started = True
            if message["type"] == "http.response.start" and not intake.complete:
                MutableHeaders(scope=message).update(CLOSE_HEADERS)
            intake.release_memory()
            await send(message)

        try:
            with suppress(ClientDisconnect):
                await self.app(scope, intake.receive, send_unless_rejected)
        finally:
            intake.release_memory()
        if intake.refusal and not response_started:
            await problem_response(to_problem(intake.refusal), CLOSE_HEADERS)(scope, receive, send)


def is_complete(message: Message) -> bool:
    """Return whether a message completes a body."""
    return message["type"] == "http.request" and not message.get("more_body")


def replay_body(messages: Sequence[Message], receive: Receive) -> Receive:
    """Return a receive callable that repeats messages before receiving new ones."""
    replayed = iter(messages)

    async def receive_again() -> Message:
        return next(replayed, None) or await receive()

    return receive_again
