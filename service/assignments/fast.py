"""The short road to an assignment: one decoding, one scorer, one encoding, ahead of the router.

Whatever is unusual, or wrong, is handed on as it came: the routes answer it, and explain it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final, cast

from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import SegmentationError
from service.assignments.decoding import LEAST_DEPTH, Decoded, decode
from service.assignments.operations import Placer, place_customers, place_each, warnings_of
from service.assignments.placers import Placers
from service.assignments.reading import Customers
from service.assignments.routes import NOUN, router
from service.assignments.writing import tabulate, write, write_few
from service.errors import InvalidRequest, ServiceError
from service.registry.operations import PRODUCTION
from service.web.answers import table_headers
from service.web.bodies import bounds_of_few
from service.web.dependencies import Services
from service.web.formats import MULTIPART, is_json, read_patch
from service.web.formats.charsets import IN_MEMORY
from service.web.formats.writing import FORMATS, JSON, Format, NotAcceptable, negotiate, stream
from service.web.heads import header
from service.web.intake import INTAKE, Intake

FEW: Final = 32  # customers: beyond, columns are faster
AT_ONCE: Final = 1 << 14  # bytes that are worth no thread of their own
MOST_WISHES: Final = 100
CHANGING: Final = "/v1/models"
LOOKING: Final = ("GET", "HEAD", "OPTIONS")

_NAME: Final = "[a-z][a-z0-9_-]{0,62}"
_PLACE: Final = re.compile(rf"/v1/models/({_NAME})(?:/versions/([1-9][0-9]{{0,8}}|{_NAME}))?/assignments")
_OF_PRODUCTION, _OF_VERSION = router.routes


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the query asks for."""

    atomic: bool = False
    explain: bool = False
    fmt: str | None = None


_OPTIONS: Final[Mapping[bytes, Options]] = {
    b"": Options(),
    **{f"atomic={text}".encode(): Options(atomic=text == "true") for text in ("true", "false")},
    **{f"explain={text}".encode(): Options(explain=text == "true") for text in ("true", "false")},
    **{f"format={fmt.name}".encode(): Options(fmt=fmt.name) for fmt in FORMATS},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A request that this road can take."""

    tenant: str
    model: str
    ref: str
    options: Options
    media_type: str
    fmt: Format
    route: BaseRoute


class FastAssignments:
    """Places customers for the app behind it."""

    def __init__(self, app: ASGIApp, *, parts: Services) -> None:
        self.app = app
        self._parts = parts
        self._placers = Placers(parts.stores)
        self._bounds = bounds_of_few(parts.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        asked = _asked(scope)
        placer = await self._placers.get(asked.tenant, asked.model, asked.ref) if asked else None
        if asked is None or placer is None:
            await self.app(scope, receive, self._told_of_changes(scope, send))
            return
        messages = await self._taken_in(scope, receive)
        answer = await self._answer(asked, placer, messages)
        if answer is None:
            await self.app(scope, _again(messages, receive), send)
            return
        scope["route"] = asked.route
        await _respond(answer, asked.fmt, scope, receive, send)

    async def _taken_in(self, scope: Scope, receive: Receive) -> list[Message]:
        """Take a body in, as far as it fits in memory."""
        cast("Intake", scope[INTAKE]).expect_table(self._parts.settings.assignment_bytes)
        messages = [await receive()]
        n_bytes = len(messages[0].get("body", b""))
        while messages[-1].get("more_body") and n_bytes <= IN_MEMORY:
            messages.append(await receive())
            n_bytes += len(messages[-1].get("body", b""))
        return messages

    async def _answer(self, asked: Asked, placer: Placer, messages: Sequence[Message]) -> bytes | None:
        """Answer if the body is whole; a large one does not keep the others waiting."""
        if messages[-1]["type"] != "http.request" or messages[-1].get("more_body"):
            return None
        body = b"".join(message.get("body", b"") for message in messages)
        if len(body) <= AT_ONCE and is_json(asked.media_type):
            return self._placed(asked, placer, body)
        return await run_in_threadpool(self._placed, asked, placer, body)

    def _placed(self, asked: Asked, placer: Placer, body: bytes) -> bytes | None:
        if not is_json(asked.media_type):
            return self._placed_by_column(asked, placer, self._read(body, asked.media_type))
        if self._parts.settings.json_depth < LEAST_DEPTH:
            return None
        decoded = decode(body, placer.shape, self._bounds)
        if decoded is None:
            return None
        return self._placed_alone(asked, placer, decoded) or self._placed_by_column(asked, placer, decoded.customers())

    def _placed_alone(self, asked: Asked, placer: Placer, decoded: Decoded) -> bytes | None:
        """Place a few customers one by one; None if they are not few and plain."""
        plain = not (asked.options.explain or placer.special or asked.fmt != JSON)
        if not plain or len(decoded.rows) > FEW:
            return None
        placed = place_each(placer, decoded.rows)
        if placed is None:
            return None
        self._parts.metrics.count_rows(len(placed))
        return write_few(placer, placed, warnings_of(decoded.beside))

    def _placed_by_column(self, asked: Asked, placer: Placer, customers: Customers | None) -> bytes | None:
        if customers is None:
            return None
        try:
            placed = place_customers(placer, customers, atomic=asked.options.atomic, explain=asked.options.explain)
        except InvalidRequest:
            return None
        self._parts.metrics.count_rows(customers.n_rows - len(placed.faults))
        if asked.fmt == JSON:
            return write(placed)
        table = tabulate(placed)
        return b"".join(stream(table.to_batches(), table.schema, asked.fmt, NOUN))

    def _read(self, body: bytes, media_type: str) -> Customers | None:
        try:
            return Customers.of_table(read_patch(BytesIO(body), media_type, self._bounds).table)
        except (ServiceError, SegmentationError):
            return None

    def _told_of_changes(self, scope: Scope, send: Send) -> Send:
        """Forget what was known of versions before whoever has changed them here hears that it is done."""
        if scope["type"] != "http" or scope["method"] in LOOKING or not scope["path"].startswith(CHANGING):
            return send

        async def tell(message: Message) -> None:
            self._placers.forget()
            await send(message)

        return tell


def _asked(scope: Scope) -> Asked | None:
    """Understand a request by its head."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    place, options = _PLACE.fullmatch(scope["path"]), _OPTIONS.get(scope["query_string"])
    media_type = header(scope, b"content-type") or ""
    if place is None or options is None or media_type == "" or media_type.lower().startswith(MULTIPART):
        return None
    fmt = _format(header(scope, b"accept"), options.fmt)
    if fmt is None:
        return None
    return Asked(
        tenant=scope["state"]["caller"].tenant,
        model=place[1],
        ref=place[2] or PRODUCTION,
        options=options,
        media_type=media_type,
        fmt=fmt,
        route=_OF_VERSION if place[2] else _OF_PRODUCTION,
    )


@lru_cache(MOST_WISHES)
def _format(accept: str | None, name: str | None) -> Format | None:
    try:
        return negotiate(accept, name)
    except NotAcceptable:
        return None


def _again(messages: Sequence[Message], receive: Receive) -> Receive:
    """Receive the same once more, and then what follows."""
    ahead = iter(messages)

    async def receive_again() -> Message:
        return next(ahead, None) or await receive()

    return receive_again


async def _respond(answer: bytes, fmt: Format, scope: Scope, receive: Receive, send: Send) -> None:
    if fmt != JSON:
        await Response(answer, media_type=fmt.media_type, headers=table_headers(fmt, NOUN))(scope, receive, send)
        return
    headers = [(b"content-length", b"%d" % len(answer)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
