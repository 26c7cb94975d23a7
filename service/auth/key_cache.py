"""TTL cache of API keys: a revoked key is refused within a second in every process."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from fastapi.concurrency import run_in_threadpool

from service.auth import repository
from service.auth.api_keys import hash_key, is_well_formed
from service.auth.operations import find_principal
from service.principals import Principal
from service.stores.database import Database, Session

FRESH_SECONDS: Final = 0.5
AHEAD_SECONDS: Final = 0.2  # an entry is refreshed in the background so long before it expires
MAX_KEYS: Final = 1_000

Result = TypeVar("Result")

_MISSING: Final = (-math.inf, None)


class KeyCache:
    """TTL cache of principals by key digest, with refresh-ahead and single-flight lookups.

    One per process.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._principals: OrderedDict[str, tuple[float, Principal]] = OrderedDict()
        self._lookups: dict[str, asyncio.Task[Principal | None]] = {}
        self._has_keys = False
        self._checked_at = -math.inf

    @property
    def has_known_keys(self) -> bool:
        """Return whether a key is known to exist, without a database query."""
        return self._has_keys

    def _get_cached(self, digest: str) -> Principal | None:
        """Return the cached principal of a digest; refresh it in the background before expiry."""
        loaded_at, principal = self._principals.get(digest, _MISSING)
        age = time.monotonic() - loaded_at
        if age >= FRESH_SECONDS:
            return None
        if age >= FRESH_SECONDS - AHEAD_SECONDS:
            self._refresh_once(digest)
        return principal

    async def get_principal(self, key: str) -> Principal | None:
        """Return the principal of a key; None if it is unknown, expired or revoked."""
        digest = hash_key(key)
        if principal := self._get_cached(digest):
            return principal
        return await asyncio.shield(self._refresh_once(digest)) if is_well_formed(key) else None

    async def is_keyless(self) -> bool:
        """Return whether no key has ever been created.

        Then requests from this machine need none.
        """
        if not self._has_keys and time.monotonic() - self._checked_at >= FRESH_SECONDS:
            started = time.monotonic()
            self._has_keys = await run_in_threadpool(self._read, repository.has_keys)
            self._checked_at = started
        return not self._has_keys

    def _refresh_once(self, digest: str) -> asyncio.Task[Principal | None]:
        """Return the running lookup of a digest, or start one (single-flight)."""
        lookup = self._lookups.get(digest)
        if lookup is None:
            lookup = self._lookups[digest] = asyncio.create_task(self._look_up(digest))
            lookup.add_done_callback(partial(self._on_lookup_done, digest))
        return lookup

    def _on_lookup_done(self, digest: str, lookup: asyncio.Task[Principal | None]) -> None:
        del self._lookups[digest]
        if not lookup.cancelled():
            lookup.exception()  # mark the error as retrieved: a background refresh has no waiter

    async def _look_up(self, digest: str) -> Principal | None:
        started = time.monotonic()
        principal = await run_in_threadpool(self._read, partial(find_principal, digest=digest))
        self._principals.pop(digest, None)
        if principal is not None:
            self._has_keys = True
            self._principals[digest] = started, principal
        if len(self._principals) > MAX_KEYS:
            self._principals.popitem(last=False)
        return principal

    def _read(self, query: Callable[[Session], Result]) -> Result:
        with self._database.reading() as session:
            return query(session)
