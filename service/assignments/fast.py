"""The short road to an assignment: one decoding, one scorer, one encoding, ahead of the router.

Whatever is unusual, or wrong, is handed on as it came: the routes answer it, and explain it.
"""

from collections.abc import Sequence
from typing import Final, cast

from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.assignments.answering import Answer, Answers
from service.assignments.asking import Asked, asked_in
from service.assignments.operations import Placer
from service.assignments.placers import Placers
from service.assignments.routes import NOUN
from service.web.answers import table_headers
from service.web.dependencies import Services
from service.web.formats.charsets import IN_MEMORY
from service.web.formats.writing import JSON
from service.web.intake import INTAKE, MAX_LOOP_BYTES, OBJECT_WEIGHT, Intake, received_again

CHANGING: Final = "/v1/models"
LOOKING: Final = ("GET", "HEAD", "OPTIONS")


class FastAssignments:
    """Places customers for the app behind it, once it is known who asks."""

    def __init__(self, app: ASGIApp, *, parts: Services, placers: Placers) -> None:
        self.app = app
        self._parts = parts
        self._placers = placers
        self._answers = Answers(parts.settings, parts.readers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        asked = asked_in(scope) if scope["type"] == "http" else None
        placer = await self._placers.get(scope["state"]["caller"].tenant, asked.model, asked.ref) if asked else None
        if asked is None or placer is None:
            await self.app(scope, receive, self._told_of_changes(scope, send))
            return
        messages = await self._taken_in(scope, receive)
        answer = await self._answer(asked, placer, messages)
        if answer is None:
            await self.app(scope, received_again(messages, receive), send)
            return
        self._parts.metrics.count_rows(answer.n_placed)
        scope["route"] = asked.route
        headers = None if asked.fmt == JSON else table_headers(asked.fmt, NOUN)
        await Response(answer.body, headers=headers, media_type=asked.fmt.media_type)(scope, receive, send)

    async def _taken_in(self, scope: Scope, receive: Receive) -> list[Message]:
        """Take a body in, as far as it fits in memory."""
        cast("Intake", scope[INTAKE]).expect_table(self._parts.settings.assignment_bytes, OBJECT_WEIGHT)
        messages = [await receive()]
        n_bytes = len(messages[0].get("body", b""))
        while messages[-1].get("more_body") and n_bytes <= IN_MEMORY:
            messages.append(await receive())
            n_bytes += len(messages[-1].get("body", b""))
        return messages

    async def _answer(self, asked: Asked, placer: Placer, messages: Sequence[Message]) -> Answer | None:
        """Answer if the body is whole; a large one does not keep the others waiting."""
        if messages[-1]["type"] != "http.request" or messages[-1].get("more_body"):
            return None
        body = b"".join(message.get("body", b"") for message in messages)
        if asked.is_json and len(body) <= MAX_LOOP_BYTES:
            return self._answers.to(asked, placer, body)
        return await run_in_threadpool(self._answers.to, asked, placer, body)

    def _told_of_changes(self, scope: Scope, send: Send) -> Send:
        """Forget what was known of versions before whoever has changed them here hears that it is done."""
        if scope["type"] != "http" or scope["method"] in LOOKING or not scope["path"].startswith(CHANGING):
            return send

        async def tell(message: Message) -> None:
            self._placers.forget()
            await send(message)

        return tell
