"""Requests within limits: whoever goes beyond one is told so at once, and hung up on."""

from contextlib import suppress
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web.body_limits import INTAKE, BodyLimits, LimitedReceive
from service.web.exception_handlers import problem_response
from service.web.memory_budget import MemoryBudget
from service.web.problems import to_problem

CLOSE: Final = {"Connection": "close"}


class BodyLimitMiddleware:
    """Takes requests in within limits, and reads no further once an answer has begun."""

    def __init__(self, app: ASGIApp, allowed: BodyLimits, budget: MemoryBudget) -> None:
        self.app = app
        self.allowed = allowed
        self._budget = budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer it if its body is refused."""
        if scope["type"] == "http":
            await self._run(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        intake = scope[INTAKE] = LimitedReceive(scope, receive, self.allowed, self._budget)
        answering = False

        async def answer(message: Message) -> None:
            nonlocal answering
            if intake.refusal and not answering:
                return
            answering = True
            if message["type"] == "http.response.start" and not intake.complete:
                MutableHeaders(scope=message).update(CLOSE)
            intake.give_back_memory()
            await send(message)

        try:
            with suppress(ClientDisconnect):
                await self.app(scope, intake.receive, answer)
        finally:
            intake.give_back_memory()
        if intake.refusal and not answering:
            await problem_response(to_problem(intake.refusal), CLOSE)(scope, receive, send)
