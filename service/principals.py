"""Principals of requests, and the scopes that requests need."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

Scope = Literal["read", "write", "admin"]

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
DEFAULT_TENANT: Final = "default"
_PUBLIC: Final = re.compile(
    r"/(livez|readyz|version|openapi\.json|(docs|redoc|page|problems)(/.*)?)?"
)
_ASSIGNING: Final = re.compile(r"/v1/models/[^/]+(/versions/[^/]+)?/assignments")
_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_ADMIN_PATHS: Final = ("/metrics",)


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Authenticated sender of a request: its tenant, its key and the key's scopes."""

    tenant: str
    name: str
    scopes: frozenset[Scope]
    key: str | None = None
    expires_at: datetime | None = None


def implied_scopes(scope: Scope) -> frozenset[Scope]:
    """Return a scope with those that it includes: write includes read, admin includes both."""
    return frozenset(SCOPES[: SCOPES.index(scope) + 1])


LOCAL_ADMIN: Final = Principal(
    tenant=DEFAULT_TENANT, name="anonymous", scopes=implied_scopes("admin")
)


def required_scope(method: str, path: str) -> Scope | None:
    """Return the scope that a request needs, or None for a public route.

    Every other route needs a key.
    """
    if method in _SAFE_METHODS and _PUBLIC.fullmatch(path):
        return None
    if (
        path.removesuffix("\n") in _ADMIN_PATHS
    ):  # the router's patterns match a trailing newline, too
        return "admin"
    is_read = method in _SAFE_METHODS or (method == "POST" and _ASSIGNING.fullmatch(path))
    return "read" if is_read else "write"
