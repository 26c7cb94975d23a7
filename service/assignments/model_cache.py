"""TTL cache of loaded versions. Changes by other processes become visible within a second."""

from typing import Final

from fastapi.concurrency import run_in_threadpool

from service.assignments.operations import LoadedVersion, load_version
from service.stores import Stores
from service.ttl_cache import TtlCache

FRESH_SECONDS: Final = 0.4
STALE_SECONDS: Final = 0.8
MAX_VERSIONS: Final = 1_000

CacheKey = tuple[str, str, str]


class ModelCache:
    """TTL cache of loaded versions with stale-while-revalidate; one per process.

    An entry is fresh for 0.4 seconds. For another 0.4 seconds it is served while a background task
    reloads it.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._versions: TtlCache[CacheKey, LoadedVersion] = TtlCache(
            self._load,
            seconds=STALE_SECONDS,
            refresh_seconds=FRESH_SECONDS,
            max_entries=MAX_VERSIONS,
        )

    async def get(self, tenant: str, model: str, ref: str) -> LoadedVersion | None:
        """Return a version, or None if it cannot be loaded, which the route explains."""
        return await self._versions.get((tenant, model, ref))

    def clear(self) -> None:
        """Invalidate all entries and the refreshes in progress."""
        self._versions.clear()

    async def _load(self, key: CacheKey) -> LoadedVersion | None:
        return await run_in_threadpool(self._load_or_none, *key)

    def _load_or_none(self, tenant: str, model: str, ref: str) -> LoadedVersion | None:
        """Load a version; None on any error, which the route will raise again."""
        try:
            with self._stores.database.reading() as session:
                return load_version(session, self._stores.scorers, tenant, model, ref)
        except Exception:  # noqa: BLE001 - the route raises it again
            return None
