"""LRU cache with single-flight: concurrent misses of one key compute the value once."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class CacheStats:
    """Fill level, hits and misses of a cache."""

    entries: int
    fill_ratio: float
    hits: int
    misses: int


class LruCache(Generic[Key, Value]):
    """Thread-safe LRU cache of immutable values.

    Keys contain all inputs of a value, so entries never become stale.

    On concurrent misses of one key, the first thread computes the value and the others wait for it.
    """

    def __init__(self, capacity: int, size: Callable[[Value], int]) -> None:
        self._capacity = capacity
        self._size = size
        self._futures: OrderedDict[Key, Future[Value]] = OrderedDict()
        self._lock = Lock()
        self._hits = 0
        self._misses = 0

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of a key, computed by `make` on a miss.

        Errors are raised to all waiters and not cached.
        """
        with self._lock:
            cached = self._futures.get(key)
            future = cached or self._futures.setdefault(key, Future())
            self._futures.move_to_end(key)
            self._hits += cached is not None
            self._misses += cached is None
        if cached is None:
            try:
                value = make()
            except BaseException as error:  # noqa: BLE001 - any error must reach the waiting threads
                with self._lock:
                    self._futures.pop(key, None)
                future.set_exception(error)
            else:
                future.set_result(value)
                self._evict()
        return future.result()

    def use(self) -> CacheStats:
        """Return the usage of this cache."""
        with self._lock:
            sizes = self._sizes()
            fill_ratio = sum(sizes.values()) / self._capacity
            return CacheStats(
                entries=len(sizes), fill_ratio=fill_ratio, hits=self._hits, misses=self._misses
            )

    def _evict(self) -> None:
        with self._lock:
            sizes = self._sizes()
            total = sum(sizes.values())
            for key, size in list(sizes.items())[:-1]:
                if total <= self._capacity:
                    break
                del self._futures[key]
                total -= size

    def _sizes(self) -> dict[Key, int]:
        return {
            key: self._size(future.result())
            for key, future in self._futures.items()
            if future.done()
        }


def cache_key(parts: Sequence[object]) -> str:
    """Hash all inputs of a value to its key."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
