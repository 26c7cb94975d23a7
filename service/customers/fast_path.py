"""The fast path of upserts.

An ASGI middleware that stores the few customers of usual requests ahead of FastAPI's router, by
group commit. All other requests, and those that are refused, fall through to the route, which does
the same and reports errors.
"""

import hashlib
import re
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.assignments.model_cache import ModelCache
from service.customers.routes import router
from service.customers.row_writer import RowWriter
from service.errors import ServiceError
from service.idempotency.dependencies import fingerprint
from service.idempotency.operations import KeyedRequest
from service.registry.operations import PRODUCTION
from service.web.asgi import get_header
from service.web.body_limits import (
    INTAKE,
    MAX_LOOP_BYTES,
    TABLE_WEIGHT,
    LimitedReceive,
    is_complete,
    replay_body,
)
from service.web.dependencies import Services
from service.web.formats import is_utf8_json
from service.web.uploads import table_limits

if TYPE_CHECKING:
    from starlette.routing import Route

JSON: Final = "application/json"
MAX_CONTENT_TYPE: Final = 100  # characters; longer ones are unusual

_NAME: Final = "[a-z][a-z0-9_-]{0,62}"
_PATH: Final = re.compile(rf"/v1/datasets/({_NAME})/customers")
_SUFFIX: Final = "/customers"
_QUERY: Final = re.compile(rf"(?:assign=({_NAME}))?".encode())
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_ROUTE: Final = cast("list[Route]", router.routes)[0]


class FastUpsert(NamedTuple):
    """A request for an upsert, as far as its head describes it."""

    dataset: str
    model: str | None
    key: str | None


class UpsertFastPath:
    """Stores the customers of usual requests once the caller is authenticated."""

    def __init__(self, app: ASGIApp, *, services: Services, model_cache: ModelCache) -> None:
        self.app = app
        self._table_bytes = services.settings.table_bytes
        self._model_cache = model_cache
        self._writer = RowWriter(services.stores, table_limits(services.settings))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to an upsert, or pass it on to the router."""
        upsert = parse_head(scope) if scope["type"] == "http" else None
        if upsert is None:
            await self.app(scope, receive, send)
            return
        cast("LimitedReceive", scope[INTAKE]).allow_table(self._table_bytes, TABLE_WEIGHT)
        message = await receive()
        response = await self._write(scope, upsert, message)
        if response is None:
            await self.app(scope, replay_body([message], receive), send)
            return
        scope["route"] = _ROUTE
        await Response(response, media_type=JSON)(scope, receive, send)

    async def _write(self, scope: Scope, upsert: FastUpsert, message: Message) -> bytes | None:
        """Store the customers of a small and complete body; None falls through to the route."""
        body = message.get("body", b"")
        if not is_complete(message) or len(body) > MAX_LOOP_BYTES:
            return None
        tenant = scope["state"]["caller"].tenant
        version = None
        if upsert.model is not None:
            version = await self._model_cache.get(tenant, upsert.model, PRODUCTION)
            if version is None:
                return None
        sent = _keyed_request(scope, tenant, upsert.key, body)
        try:
            return await self._writer.write((tenant, upsert.dataset), body, sent, version)
        except ServiceError:
            return None


def parse_head(scope: Scope) -> FastUpsert | None:
    """Parse the head of a request; None unless it is a usual one for an upsert."""
    if scope["method"] != "POST" or not scope["path"].endswith(_SUFFIX):
        return None
    path, query = _PATH.fullmatch(scope["path"]), _QUERY.fullmatch(scope["query_string"])
    media_type = get_header(scope, b"content-type") or ""
    key = get_header(scope, b"idempotency-key")
    if path is None or query is None or not _is_json(media_type):
        return None
    if key is not None and not _KEY.fullmatch(key):
        return None
    model = None if query[1] is None else str(query[1], "ascii")
    return FastUpsert(dataset=path[1], model=model, key=key)


def _is_json(media_type: str) -> bool:
    return media_type == JSON or (len(media_type) <= MAX_CONTENT_TYPE and is_utf8_json(media_type))


def _keyed_request(scope: Scope, tenant: str, key: str | None, body: bytes) -> KeyedRequest | None:
    if key is None:
        return None
    digest = hashlib.sha256(body).hexdigest()
    return KeyedRequest(tenant=tenant, key=key, fingerprint=fingerprint(Request(scope), digest))
