"""ASGI middleware for authentication, authorization and rate limits.

Without keys, only loopback has access.
"""

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
from service.stores.database import DatabaseUnavailable
from service.system.sockets import LOOPBACK_HOSTS
from service.web.asgi import add_headers, get_header
from service.web.exception_handlers import problem_response
from service.web.problems import to_problem

_PROXY_HEADERS: Final = ("forwarded", "via", "x-real-ip")
_BEARER: Final = re.compile(r"bearer +(\S+) *", re.IGNORECASE)


class AuthMiddleware:
    """Authenticates callers, checks their scopes and rate limits.

    Every route that is not public needs a key.
    """

    def __init__(self, app: ASGIApp, *, key_cache: KeyCache, rate_limiter: RateLimiter) -> None:
        self.app = app
        self._keys = key_cache
        self._rate_limiter = rate_limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        rate_limit = None
        try:
            required = required_scope(scope["method"], scope["path"])
            state["is_allowed"] = partial(self._is_allowed, state.get("caller"), required, scope)
            caller = state["caller"] = state.get("caller") or await self._caller_for(
                required, scope
            )
            _check(caller, required)
            rate_limit = self._rate_limiter.take(caller.key) if caller else None
            _check_rate_limit(rate_limit)
        except (KeyNeeded, Forbidden, TooManyRequests) as refusal:
            await problem_response(to_problem(refusal), _error_headers(refusal, rate_limit))(
                scope, receive, send
            )
        else:
            await self.app(scope, receive, _with_rate_limit(send, rate_limit))

    async def _is_allowed(
        self, principal: Principal | None, required: principals.Scope | None, scope: Scope
    ) -> bool:
        """Return whether a running request is still authorized.

        Its key may have expired or been revoked.
        """
        try:
            _check(principal or await self._caller_for(required, scope), required)
        except (KeyNeeded, Forbidden):
            return False
        return True

    async def _caller_for(
        self, required: principals.Scope | None, scope: Scope
    ) -> Principal | None:
        """Return the caller of a request.

        Public routes are served even if the database is unavailable.
        """
        if required is None and self._keys.has_known_keys:
            return None
        try:
            return await self._authenticate(scope)
        except DatabaseUnavailable:
            if required is None:
                return None
            raise

    async def _authenticate(self, scope: Scope) -> Principal | None:
        bearer = _BEARER.fullmatch(get_header(scope, b"authorization") or "")
        key = bearer[1] if bearer else get_header(scope, b"x-api-key") or ""
        caller = await self._keys.get_principal(key)
        if caller is None and await self._keys.has_no_keys():
            _require_loopback(Headers(scope=scope))
            return LOCAL_ADMIN
        return caller


def authenticate_as(app: ASGIApp, caller: Principal) -> ASGIApp:
    """Wrap an app so that its requests are authenticated as `caller`.

    Used within the process only.
    """

    async def authenticated_app(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["caller"] = caller
        await app(scope, receive, send)

    return authenticated_app


def _check(caller: Principal | None, required: principals.Scope | None) -> None:
    if required is None:
        return
    if caller is None:
        raise KeyNeeded
    if required not in caller.scopes:
        raise ScopeMissing(f"This request needs a key with the scope {required}")


def _check_rate_limit(rate_limit: RateLimitState | None) -> None:
    if rate_limit and rate_limit.is_exceeded:
        raise TooManyRequests(f"The key has used its {rate_limit.allowed:,} requests per minute")


def _error_headers(refusal: Exception, rate_limit: RateLimitState | None) -> dict[str, str]:
    if isinstance(refusal, KeyNeeded):
        return {"WWW-Authenticate": "Bearer"}
    if rate_limit is None:
        return {}
    rate_limit_headers = {name.decode(): value.decode() for name, value in rate_limit.headers()}
    return {**rate_limit_headers, "Retry-After": str(rate_limit.resets)}


def _with_rate_limit(send: Send, rate_limit: RateLimitState | None) -> Send:
    if rate_limit is None:
        return send

    async def send_with_rate_limit(message: Message) -> None:
        if message["type"] == "http.response.start":
            add_headers(message, *rate_limit.headers())
        await send(message)

    return send_with_rate_limit


def _require_loopback(headers: Headers) -> None:
    """Refuse DNS rebinding (a foreign Host header) and requests forwarded by a proxy."""
    if _host(headers.get("host", "")) not in LOOPBACK_HOSTS:
        raise Forbidden(
            "While no API key exists, the Host header must be one of these: "
            f"{', '.join(LOOPBACK_HOSTS)}"
        )
    if any(name in _PROXY_HEADERS or name.startswith("x-forwarded-") for name in headers):
        raise Forbidden("While no API key exists, requests forwarded by a proxy are refused")


def _host(header: str) -> str | None:
    try:
        return urlsplit(f"//{header}").hostname
    except ValueError:
        return None
