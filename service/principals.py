"""Who sends a request, and what they must be allowed for it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

Scope = Literal["read", "write", "admin"]

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
DEFAULT_TENANT: Final = "default"
_OPEN: Final = re.compile(r"/(livez|readyz|version|openapi\.json|(docs|redoc|page|problems)(/.*)?)?")
_PLACING: Final = re.compile(r"/v1/models/[^/]+(/versions/[^/]+)?/assignments")
_LOOKING: Final = ("GET", "HEAD", "OPTIONS")
_ADMINISTERING: Final = ("/metrics",)


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Whoever holds a key: the tenant whose things are seen, and what may be done with them."""

    tenant: str
    name: str
    scopes: frozenset[Scope]
    key: str | None = None
    expires_at: datetime | None = None


def implied_scopes(scope: Scope) -> frozenset[Scope]:
    """Give a scope with those that it includes: who may write may read, who may administer may do both."""
    return frozenset(SCOPES[: SCOPES.index(scope) + 1])


LOCAL_ADMIN: Final = Principal(tenant=DEFAULT_TENANT, name="anonymous", scopes=implied_scopes("admin"))


def required_scope(method: str, path: str) -> Scope | None:
    """Say what a key must allow; None for what is open to all, and nothing is that is not named so."""
    if method in _LOOKING and _OPEN.fullmatch(path):
        return None
    if path.removesuffix("\n") in _ADMINISTERING:  # as the router takes them for the same
        return "admin"
    looks = method in _LOOKING or (method == "POST" and _PLACING.fullmatch(path))  # placing changes nothing
    return "read" if looks else "write"
