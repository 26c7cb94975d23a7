"""Nobody gets in without a key; while there is none, nobody but this machine itself."""

import re
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import principals
from service.auth.key_cache import KeyCache
from service.auth.rate_limit import RateLimiter, RateLimitState
from service.errors import Forbidden, KeyNeeded, ScopeMissing, TooManyRequests
from service.principals import LOCAL_ADMIN, Principal, required_scope
from service.sockets import LOOPBACK_HOSTS
from service.stores.database import DatabaseUnavailable
from service.web.asgi import add_headers, get_header
from service.web.exception_handlers import problem_response
from service.web.problems import to_problem

_FORWARDING: Final = ("forwarded", "via", "x-real-ip")
_BEARER: Final = re.compile(r"bearer +(\S+) *", re.IGNORECASE)


class AuthMiddleware:
    """Finds out who sends a request, and passes on what they may ask; everything is closed that is not named open."""

    def __init__(self, app: ASGIApp, *, ring: KeyCache, quotas: RateLimiter) -> None:
        self.app = app
        self._ring = ring
        self._quotas = quotas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it before anything else is done for it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        quota = None
        try:
            needed = required_scope(scope["method"], scope["path"])
            state["is_allowed"] = partial(self._is_allowed, state.get("caller"), needed, scope)
            caller = state["caller"] = state.get("caller") or await self._caller_for(needed, scope)
            _check(caller, needed)
            quota = self._quotas.take(caller.key) if caller else None
            _check_rate_limit(quota)
        except (KeyNeeded, Forbidden, TooManyRequests) as refusal:
            await problem_response(to_problem(refusal), _error_headers(refusal, quota))(scope, receive, send)
        else:
            await self.app(scope, receive, _with_quota(send, quota))

    async def _is_allowed(self, known: Principal | None, needed: principals.Scope | None, scope: Scope) -> bool:
        """Return whether a request would still be let in: its key may have been revoked or have expired meanwhile."""
        try:
            _check(known or await self._caller_for(needed, scope), needed)
        except (KeyNeeded, Forbidden):
            return False
        return True

    async def _caller_for(self, needed: principals.Scope | None, scope: Scope) -> Principal | None:
        """Find out who it is; what is open to everybody is answered while the keys cannot be looked up, too."""
        if needed is None and self._ring.knows_keys:
            return None
        try:
            return await self._caller(scope)
        except DatabaseUnavailable:
            if needed is None:
                return None
            raise

    async def _caller(self, scope: Scope) -> Principal | None:
        caller = await self._ring.caller(_presented_key(scope))
        if caller is None and await self._ring.is_keyless():
            _require_loopback(Headers(scope=scope))
            return LOCAL_ADMIN
        return caller


def as_principal(app: ASGIApp, caller: Principal) -> ASGIApp:
    """Let this process itself send requests to its app, as somebody; no request from outside comes this way."""

    async def act(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["caller"] = caller
        await app(scope, receive, send)

    return act


def _check(caller: Principal | None, needed: principals.Scope | None) -> None:
    if needed is None:
        return
    if caller is None:
        raise KeyNeeded
    if needed not in caller.scopes:
        raise ScopeMissing(f"This needs a key with the scope {needed}")


def _presented_key(scope: Scope) -> str:
    bearer = _BEARER.fullmatch(get_header(scope, b"authorization") or "")
    return bearer[1] if bearer else get_header(scope, b"x-api-key") or ""


def _check_rate_limit(quota: RateLimitState | None) -> None:
    if quota and quota.is_exceeded:
        raise TooManyRequests(f"The key has sent its {quota.allowed:,} requests of this minute")


def _error_headers(refusal: Exception, quota: RateLimitState | None) -> dict[str, str]:
    if isinstance(refusal, KeyNeeded):
        return {"WWW-Authenticate": "Bearer"}
    if quota is None:
        return {}
    told = {name.decode(): value.decode() for name, value in quota.headers()}
    return {**told, "Retry-After": str(quota.resets)}


def _with_quota(send: Send, quota: RateLimitState | None) -> Send:
    if quota is None:
        return send

    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            add_headers(message, *quota.headers())
        await send(message)

    return tell


def _require_loopback(headers: Headers) -> None:
    """Refuse what a browser was lured into sending (another Host), and what a proxy passes on for somebody else."""
    if _host(headers.get("host", "")) not in LOOPBACK_HOSTS:
        raise Forbidden(
            f"Without keys the service is only reached under one of these names: {', '.join(LOOPBACK_HOSTS)}"
        )
    if any(name in _FORWARDING or name.startswith("x-forwarded-") for name in headers):
        raise Forbidden("Without keys the service answers no requests that a proxy forwards")


def _host(header: str) -> str | None:
    try:
        return urlsplit(f"//{header}").hostname
    except ValueError:
        return None
