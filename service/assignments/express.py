"""The shortest road to an assignment: what needs no waiting is answered at once, ahead of the whole app.

It asks the same parts that others pass one after the other (keys, quotas, metrics, the log), and hands on as it came
whatever is unusual, unknown, not whole, refused or wrong.
"""

from functools import partial
from time import perf_counter
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from service.access.guard import Claim, claim_in, known_caller
from service.access.quotas import Quotas
from service.access.ring import KeyRing
from service.assignments.answering import Answer, Answers
from service.assignments.asking import Asked, asked_in
from service.assignments.placers import Placers
from service.web.dependencies import Services
from service.web.formats.writing import JSON
from service.web.heads import header
from service.web.intake import MAX_LOOP_BYTES, at_once, is_whole, received_again
from service.web.replies import OK, Ask, Reply
from service.web.requests import REQUEST_ID, Noted, given_id, new_id, note

AS_JSON: Final = (b"content-type", JSON.media_type.encode())


class Question(NamedTuple):
    """All that a head says: who asks what, and the request's id, if it came with one."""

    claim: Claim
    asked: Asked
    identifier: str | None


class Express:
    """Answers for the app behind it."""

    def __init__(self, app: ASGIApp, *, parts: Services, ring: KeyRing, quotas: Quotas, placers: Placers) -> None:
        self.app = app
        self._ring, self._quotas, self._placers = ring, quotas, placers
        self._metrics, self._answers = parts.metrics, Answers(parts.settings, parts.readers)
        self._most_bytes = min(MAX_LOOP_BYTES, parts.settings.assignment_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        ask = self.understand(scope) if scope["type"] == "http" else None
        message = at_once(receive) if ask else None
        reply = ask(message.get("body", b"")) if ask and message and is_whole(message) else None
        if reply is None:
            await self.app(scope, received_again([message], receive) if message else receive, send)
        else:
            await reply.send(send)

    def understand(self, scope: Scope) -> Ask | None:
        """Understand a head; None if what it asks is for the app behind."""
        asked = asked_in(scope)
        if asked is None or not asked.is_json or asked.fmt != JSON or header(scope, b"expect") is not None:
            return None
        return partial(self._reply, Question(claim_in(scope), asked, given_id(scope)))

    def _reply(self, question: Question, body: bytes) -> Reply | None:
        """Reply to a question about a body that is whole, and note it; None where it is for the app behind."""
        started = perf_counter()
        claim, asked, identifier = question
        caller = known_caller(self._ring, claim) if len(body) <= self._most_bytes else None
        if caller is None or not self._quotas.allows(caller.key):
            return None
        answer = self._answer(caller.tenant, asked, body)
        if answer is None:
            return None
        quota = self._quotas.take(caller.key)
        identifier = identifier or new_id()
        self._metrics.begin_request()
        self._metrics.count_rows(answer.n_placed)
        note(self._metrics, Noted("POST", asked.route.path, caller), identifier, OK, perf_counter() - started)
        length, told = (b"content-length", b"%d" % len(answer.body)), quota.headers() if quota else ()
        return Reply([length, AS_JSON, *told, (REQUEST_ID, identifier.encode())], answer.body)

    def _answer(self, tenant: str, asked: Asked, body: bytes) -> Answer | None:
        """Answer a body, if its version is known and nothing is wrong."""
        placer = self._placers.known(tenant, asked.model, asked.ref)
        try:
            return self._answers.to(asked, placer, body) if placer else None
        except Exception:  # noqa: BLE001 - the app behind comes upon whatever it is as well, and tells of it
            return None
