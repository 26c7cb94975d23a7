"""TTL cache of one event loop, with refresh-ahead and single-flight loads."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_MISSING: Final = (-math.inf, None)


class TtlCache(Generic[Key, Value]):
    """Values by key, reloaded in the background after `refresh_seconds`, dropped after `seconds`.

    `load` returns None for a value that must not be cached. Concurrent misses of one key load it
    once, and an entry's age counts from the start of its load.
    """

    def __init__(
        self,
        load: Callable[[Key], Awaitable[Value | None]],
        *,
        seconds: float,
        refresh_seconds: float,
        max_entries: int,
    ) -> None:
        self._load = load
        self._seconds = seconds
        self._refresh_seconds = refresh_seconds
        self._max_entries = max_entries
        self._entries: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        self._loads: dict[Key, asyncio.Task[Value | None]] = {}

    def get_cached(self, key: Key) -> Value | None:
        """Return the value of a key if it is cached; start to reload an ageing one."""
        loaded_at, value = self._entries.get(key, _MISSING)
        age = time.monotonic() - loaded_at
        if age >= self._seconds:
            return None
        if age >= self._refresh_seconds:
            self._load_once(key)
        return value

    async def get(self, key: Key) -> Value | None:
        """Return the value of a key, loaded if it is not cached."""
        return self.get_cached(key) or await asyncio.shield(self._load_once(key))

    def discard(self, key: Key) -> None:
        """Drop the entry of a key, and the result of its load in progress."""
        self._entries.pop(key, None)
        self._loads.pop(key, None)

    def clear(self) -> None:
        """Drop all entries, and the results of the loads in progress."""
        self._entries.clear()
        self._loads.clear()

    def _load_once(self, key: Key) -> asyncio.Task[Value | None]:
        """Return the running load of a key, or start one (single-flight)."""
        load = self._loads.get(key)
        if load is None:
            load = self._loads[key] = asyncio.create_task(self._load_and_store(key))
            load.add_done_callback(partial(self._on_loaded, key))
        return load

    async def _load_and_store(self, key: Key) -> Value | None:
        started = time.monotonic()
        value = await self._load(key)
        if self._loads.get(key) is asyncio.current_task():  # not cleared meanwhile
            self._entries.pop(key, None)
            if value is not None:
                self._entries[key] = started, value
            if len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)
        return value

    def _on_loaded(self, key: Key, load: asyncio.Task[Value | None]) -> None:
        if self._loads.get(key) is load:
            del self._loads[key]
        if not load.cancelled():
            load.exception()  # mark the error as retrieved: a background load has no waiter
