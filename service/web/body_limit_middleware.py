"""ASGI middleware that limits request bodies and closes the connection after a refusal."""

from contextlib import suppress
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.body_limits import INTAKE, BodyLimits, LimitedReceive
from service.web.exception_handlers import problem_response
from service.web.memory_budget import MemoryBudget
from service.web.problems import to_problem

CLOSE_HEADERS: Final = {"Connection": "close"}


class BodyLimitMiddleware:
    """Limits the size, time, depth and memory of request bodies.

    Stops reading a body once its response has begun.
    """

    def __init__(self, app: ASGIApp, allowed: BodyLimits, budget: MemoryBudget) -> None:
        self.app = app
        self.allowed = allowed
        self._budget = budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._run(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
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
