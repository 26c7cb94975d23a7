"""TTL cache of API keys: a revoked key is refused within a second in every process."""

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from fastapi.concurrency import run_in_threadpool

from service.auth import repository
from service.auth.api_keys import has_key_format, hash_key
from service.auth.operations import find_principal
from service.principals import Principal
from service.stores.database import Database, Session
from service.ttl_cache import TtlCache

FRESH_SECONDS: Final = 0.5
REFRESH_SECONDS: Final = 0.3
MAX_KEYS: Final = 1_000

Result = TypeVar("Result")


class KeyCache:
    """TTL cache of principals by key digest; one per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._principals: TtlCache[str, Principal] = TtlCache(
            self._find_principal,
            seconds=FRESH_SECONDS,
            refresh_seconds=REFRESH_SECONDS,
            max_entries=MAX_KEYS,
        )
        self._has_keys = False
        self._checked_at = -math.inf

    @property
    def has_known_keys(self) -> bool:
        """Return whether a key is known to exist, without a database query."""
        return self._has_keys

    async def get_principal(self, key: str) -> Principal | None:
        """Return the principal of a key; None if it is unknown, expired or revoked."""
        digest = hash_key(key)
        if principal := self._principals.get_cached(digest):
            return principal
        return await self._principals.get(digest) if has_key_format(key) else None

    async def has_no_keys(self) -> bool:
        """Return whether no key has ever been created.

        Then requests from this machine need none.
        """
        if not self._has_keys and time.monotonic() - self._checked_at >= FRESH_SECONDS:
            started = time.monotonic()
            self._has_keys = await run_in_threadpool(self._read, repository.has_keys)
            self._checked_at = started
        return not self._has_keys

    async def _find_principal(self, digest: str) -> Principal | None:
        query = partial(find_principal, digest=digest)
        principal = await run_in_threadpool(self._read, query)
        self._has_keys = self._has_keys or principal is not None
        return principal

    def _read(self, query: Callable[[Session], Result]) -> Result:
        with self._database.reading() as session:
            return query(session)
