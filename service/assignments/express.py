"""The shortest road to an assignment: what needs no waiting is answered at once, ahead of the whole app.

It asks the same parts that others pass one after the other (keys, quotas, metrics, the log), and hands on as it came
whatever is unusual, unknown, not whole, refused or wrong.
"""

from time import perf_counter
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from service.access.guard import known_caller
from service.access.quotas import Quotas
from service.access.ring import KeyRing
from service.assignments.answering import Answer, Answers
from service.assignments.asking import Asked, asked_in
from service.assignments.fast import AT_ONCE
from service.assignments.operations import Placer
from service.assignments.placers import Placers
from service.callers import Caller
from service.web.dependencies import Services
from service.web.formats.writing import JSON
from service.web.heads import header
from service.web.intake import at_once, is_whole, received_again
from service.web.replies import OK, Reply
from service.web.requests import REQUEST_ID, identify, note

AS_JSON: Final = (b"content-type", JSON.media_type.encode())


class Visit(NamedTuple):
    """Somebody who may ask, what they ask, and the version that can answer it."""

    caller: Caller
    asked: Asked
    placer: Placer


class Express:
    """Answers for the app behind it."""

    def __init__(self, app: ASGIApp, *, parts: Services, ring: KeyRing, quotas: Quotas, placers: Placers) -> None:
        self.app = app
        self._ring, self._quotas, self._placers = ring, quotas, placers
        self._metrics, self._answers = parts.metrics, Answers(parts.settings)
        self._most_bytes = min(AT_ONCE, parts.settings.assignment_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        message = at_once(receive) if _may_be_for_here(scope) else None
        reply = self.reply(scope, message.get("body", b"")) if message and is_whole(message) else None
        if reply is None:
            await self.app(scope, received_again([message], receive) if message else receive, send)
        else:
            await reply.send(send)

    def reply(self, scope: Scope, body: bytes) -> Reply | None:
        """Answer a request whose body is whole, and note it; None where it is for the app behind."""
        started = perf_counter()
        visit = self._visit(scope) if len(body) <= self._most_bytes else None
        answer = self._answer(visit, body) if visit else None
        quota = self._quotas.take(visit.caller.key) if visit and answer else None
        if visit is None or answer is None or (quota and quota.is_exceeded):
            return None
        identifier = identify(scope)
        self._metrics.begin_request()
        self._metrics.count_rows(answer.n_placed)
        scope["route"], scope["state"] = visit.asked.route, {"caller": visit.caller}
        note(self._metrics, scope, identifier, OK, perf_counter() - started)
        length, told = (b"content-length", b"%d" % len(answer.body)), quota.headers() if quota else ()
        return Reply([length, AS_JSON, *told, (REQUEST_ID, identifier.encode())], answer.body)

    def _visit(self, scope: Scope) -> Visit | None:
        """Find out who asks whom; None where that is not known at once, or is not for here."""
        asked = asked_in(scope)
        caller = known_caller(self._ring, scope) if asked else None
        if caller is None or asked is None or not asked.is_json or asked.fmt != JSON:
            return None
        placer = self._placers.known(caller.tenant, asked.model, asked.ref)
        return Visit(caller, asked, placer) if placer else None

    def _answer(self, visit: Visit, body: bytes) -> Answer | None:
        """Answer a body, if nothing is wrong."""
        try:
            return self._answers.to(visit.asked, visit.placer, body)
        except Exception:  # noqa: BLE001 - the app behind comes upon whatever it is as well, and tells of it
            return None


def _may_be_for_here(scope: Scope) -> bool:
    return scope["type"] == "http" and asked_in(scope) is not None and header(scope, b"expect") is None
