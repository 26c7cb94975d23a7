"""TTL cache of loaded versions. Changes by other processes become visible within a second."""

import asyncio
import math
import time
from collections import OrderedDict
from typing import Final

from fastapi.concurrency import run_in_threadpool

from service.assignments.operations import LoadedVersion, load_version
from service.stores import Stores

FRESH_SECONDS: Final = 0.4
STALE_SECONDS: Final = 0.8
MAX_VERSIONS: Final = 1_000

CacheKey = tuple[str, str, str]

_MISSING: Final = (-math.inf, None)


class ModelCache:
    """TTL cache of loaded versions with stale-while-revalidate and single-flight refreshes.

    One per process.

    An entry is fresh for 0.4 seconds. For another 0.4 seconds it is served while a background task
    reloads it.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._entries: OrderedDict[CacheKey, tuple[float, LoadedVersion]] = OrderedDict()
        self._refreshes: dict[CacheKey, asyncio.Task[LoadedVersion | None]] = {}

    async def get(self, tenant: str, model: str, ref: str) -> LoadedVersion | None:
        """Return a version, or None if it cannot be loaded, which the route explains."""
        return self._get_cached(tenant, model, ref) or await asyncio.shield(
            self._refresh_once((tenant, model, ref))
        )

    def _get_cached(self, tenant: str, model: str, ref: str) -> LoadedVersion | None:
        """Return a cached version, and refresh a stale one in the background."""
        key = (tenant, model, ref)
        loaded_at, version = self._entries.get(key, _MISSING)
        age = time.monotonic() - loaded_at
        if age >= STALE_SECONDS:
            return None
        if age >= FRESH_SECONDS:
            self._refresh_once(key)
        return version

    def clear(self) -> None:
        """Invalidate all entries and the refreshes in progress."""
        self._entries.clear()
        self._refreshes.clear()

    def _refresh_once(self, key: CacheKey) -> asyncio.Task[LoadedVersion | None]:
        refresh = self._refreshes.get(key)
        if refresh is None:
            refresh = self._refreshes[key] = asyncio.create_task(self._refresh(key))
        return refresh

    async def _refresh(self, key: CacheKey) -> LoadedVersion | None:
        started, task = time.monotonic(), asyncio.current_task()
        version = await run_in_threadpool(self._load, *key)
        if self._refreshes.get(key) is task:  # not cleared meanwhile
            del self._refreshes[key]
            self._store(key, started, version)
        return version

    def _store(self, key: CacheKey, loaded_at: float, version: LoadedVersion | None) -> None:
        self._entries.pop(key, None)
        if version:
            self._entries[key] = loaded_at, version
        if len(self._entries) > MAX_VERSIONS:
            self._entries.popitem(last=False)

    def _load(self, tenant: str, model: str, ref: str) -> LoadedVersion | None:
        """Load a version; None on any error, which the route will raise again."""
        try:
            with self._stores.database.reading() as session:
                return load_version(session, self._stores.scorers, tenant, model, ref)
        except Exception:  # noqa: BLE001 - the route raises it again
            return None
