"""The fast path of assignments.

An ASGI middleware that answers usual requests ahead of FastAPI's router.

It decodes the body in one step, assigns the customers and encodes the response. Unusual and invalid
requests fall through to the route, which returns the same responses and also reports errors.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final, NamedTuple, cast

from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import SegmentationError
from service.assignments.decoder import MIN_DEPTH, DecodedBatch, decode
from service.assignments.encoder import encode_json, encode_json_rows, to_table
from service.assignments.inputs import CustomerBatch
from service.assignments.model_cache import ModelCache
from service.assignments.operations import LoadedVersion, assign_batch, assign_rows, warnings_of
from service.assignments.routes import NOUN, router
from service.errors import InvalidRequest, ServiceError
from service.registry.operations import PRODUCTION
from service.web.asgi import get_header
from service.web.body_limits import MAX_LOOP_BYTES, replay_body
from service.web.dependencies import Services
from service.web.formats import MULTIPART, is_json, read_patch
from service.web.formats.writers import (
    FORMATS,
    JSON,
    NotAcceptable,
    TableFormat,
    negotiate,
    write_table,
)
from service.web.table_response import table_headers
from service.web.uploads import allow_assignments, assignment_limits

MAX_SCALAR_ROWS: Final = 32  # beyond that, assigning by column is faster
MAX_LARGE_BODIES: Final = 2  # decoded at once: their threads share the GIL with the event loop
MAX_CACHED_HEADS: Final = 1_000
# Characters of path, Content-Type and Accept; longer ones are unusual, and not cached.
MAX_HEAD_LENGTH: Final = 400

_NAME: Final = "[a-z][a-z0-9_-]{0,62}"
_PATH: Final = re.compile(
    rf"/v1/models/({_NAME})(?:/versions/([1-9][0-9]{{0,8}}|{_NAME}))?/assignments"
)
_SUFFIX: Final = "/assignments"
_MODELS: Final = "/v1/models"
_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_PRODUCTION_ROUTE, _VERSION_ROUTE = cast("list[Route]", router.routes)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The query parameters."""

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
class FastRequest:
    """A request for assignments, as far as its head describes it."""

    model: str
    ref: str
    options: Options
    media_type: str
    is_json: bool
    fmt: TableFormat
    route: Route


class FastResponse(NamedTuple):
    """An encoded answer, and the number of customers that were assigned."""

    body: bytes
    n_assigned: int


class AssignmentFastPath:
    """Answers usual requests for assignments once the caller is authenticated.

    Passes on all others.
    """

    def __init__(self, app: ASGIApp, *, services: Services, model_cache: ModelCache) -> None:
        self.app = app
        self._services = services
        self._model_cache = model_cache
        self._bounds = assignment_limits(services.settings)
        self._reads_json = services.settings.json_depth >= MIN_DEPTH
        self._large_bodies = asyncio.Semaphore(MAX_LARGE_BODIES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to an assignment request, or pass it on to the router."""
        request = parse_head(scope) if scope["type"] == "http" else None
        if request is None:
            await self.app(scope, receive, self._clear_cache_on_change(scope, send))
            return
        version = await self._model_cache.get(
            scope["state"]["caller"].tenant, request.model, request.ref
        )
        if version is None:
            await self.app(scope, receive, send)
            return
        messages = await self._receive(scope, receive)
        response = await self._handle(request, version, messages)
        if response is None:
            await self.app(scope, replay_body(messages, receive), send)
            return
        self._services.metrics.count_rows(response.n_assigned)
        scope["route"] = request.route
        headers = None if request.fmt == JSON else table_headers(request.fmt, NOUN)
        await Response(response.body, headers=headers, media_type=request.fmt.media_type)(
            scope, receive, send
        )

    async def _receive(self, scope: Scope, receive: Receive) -> list[Message]:
        """Receive a whole body into memory, which its limit allows."""
        allow_assignments(scope, self._services.settings)
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        return messages

    async def _handle(
        self, request: FastRequest, version: LoadedVersion, messages: Sequence[Message]
    ) -> FastResponse | None:
        """Handle a complete body, a large one in a thread; None falls through to the route."""
        if messages[-1]["type"] != "http.request":
            return None
        body = b"".join(message.get("body", b"") for message in messages)
        if not request.is_json:
            return await run_in_threadpool(self._assign, request, version, body)
        if len(body) <= MAX_LOOP_BYTES:
            return self._assign(request, version, body)
        async with self._large_bodies:
            return await run_in_threadpool(self._assign, request, version, body)

    def _assign(
        self, request: FastRequest, version: LoadedVersion, body: bytes
    ) -> FastResponse | None:
        """Decode a body, assign its customers and encode the answer."""
        if not request.is_json:
            return _assign_by_column(request, version, self._read_table(body, request.media_type))
        decoded = decode(body, version.input_schema, self._bounds) if self._reads_json else None
        if decoded is None:
            return None
        return _assign_by_row(request, version, decoded) or _assign_by_column(
            request, version, decoded.customers()
        )

    def _read_table(self, body: bytes, media_type: str) -> CustomerBatch | None:
        try:
            return CustomerBatch.of_table(
                read_patch(BytesIO(body), media_type, self._bounds, self._services.readers)
            )
        except (ServiceError, SegmentationError):
            return None

    def _clear_cache_on_change(self, scope: Scope, send: Send) -> Send:
        """Invalidate the cached versions before the response to a change of models is sent."""
        if (
            scope["type"] != "http"
            or scope["method"] in _SAFE_METHODS
            or not scope["path"].startswith(_MODELS)
        ):
            return send

        async def clear_and_send(message: Message) -> None:
            self._model_cache.clear()
            await send(message)

        return clear_and_send


def parse_head(scope: Scope) -> FastRequest | None:
    """Parse the head of a request; None unless it is a usual one for assignments."""
    options = _OPTIONS.get(scope["query_string"])
    if options is None or scope["method"] != "POST" or not scope["path"].endswith(_SUFFIX):
        return None
    head = (
        scope["path"],
        get_header(scope, b"content-type") or "",
        get_header(scope, b"accept") or "*/*",
    )
    return _parse_head(options, *head) if sum(map(len, head)) <= MAX_HEAD_LENGTH else None


@lru_cache(MAX_CACHED_HEADS)
def _parse_head(options: Options, path: str, media_type: str, accept: str) -> FastRequest | None:
    match, fmt = _PATH.fullmatch(path), _format(accept, options.fmt)
    if match is None or fmt is None or media_type == "" or media_type.lower().startswith(MULTIPART):
        return None
    return FastRequest(
        model=match[1],
        ref=match[2] or PRODUCTION,
        options=options,
        media_type=media_type,
        is_json=is_json(media_type),
        fmt=fmt,
        route=_VERSION_ROUTE if match[2] else _PRODUCTION_ROUTE,
    )


def _format(accept: str, name: str | None) -> TableFormat | None:
    try:
        return negotiate(accept, name)
    except NotAcceptable:
        return None


def _assign_by_row(
    request: FastRequest, version: LoadedVersion, decoded: DecodedBatch
) -> FastResponse | None:
    """Assign a few plain customers one by one; None if they are many or need more."""
    if (
        len(decoded.rows) > MAX_SCALAR_ROWS
        or request.options.explain
        or version.parsed_columns
        or request.fmt != JSON
    ):
        return None
    assigned = assign_rows(version, decoded.cells())
    if not assigned:
        return None
    return FastResponse(
        encode_json_rows(version, assigned, warnings_of(decoded.extra_columns)), len(assigned)
    )


def _assign_by_column(
    request: FastRequest, version: LoadedVersion, customers: CustomerBatch | None
) -> FastResponse | None:
    if customers is None:
        return None
    try:
        assigned = assign_batch(
            version, customers, atomic=request.options.atomic, explain=request.options.explain
        )
    except InvalidRequest:
        return None
    n_assigned = customers.n_rows - len(assigned.faults)
    if request.fmt == JSON:
        return FastResponse(encode_json(assigned), n_assigned)
    table = to_table(assigned)
    return FastResponse(
        b"".join(write_table(table.to_batches(), table.schema, request.fmt, NOUN)), n_assigned
    )
