"""What was made last, ready in memory."""

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
    """How much of a cache is filled, and how often what was asked for was there."""

    entries: int
    fill_ratio: float
    hits: int
    misses: int


class LruCache(Generic[Key, Value]):
    """Values by keys that name all that they were made of, so that none is ever out of date; the oldest go first.

    What several threads ask for at once is made by the first of them, and the others wait for it.
    """

    def __init__(self, room: int, size: Callable[[Value], int]) -> None:
        self._room = room
        self._size = size
        self._promised: OrderedDict[Key, Future[Value]] = OrderedDict()
        self._lock = Lock()
        self._hits = 0
        self._misses = 0

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Give what is kept under a key, or make it and keep it; what cannot be made is tried anew the next time."""
        with self._lock:
            promised = self._promised.get(key)
            promise = promised or self._promised.setdefault(key, Future())
            self._promised.move_to_end(key)
            self._hits += promised is not None
            self._misses += promised is None
        if promised is None:
            self._resolve(key, promise, make)
        return promise.result()

    def use(self) -> CacheStats:
        """Tell how this cache is used."""
        with self._lock:
            sizes = self._sizes()
            filled = sum(sizes.values()) / self._room
            return CacheStats(entries=len(sizes), fill_ratio=filled, hits=self._hits, misses=self._misses)

    def _resolve(self, key: Key, promise: Future[Value], make: Callable[[], Value]) -> None:
        try:
            value = make()
        except BaseException as error:  # noqa: BLE001 - those who wait must hear of it, whatever it is
            with self._lock:
                self._promised.pop(key, None)
            promise.set_exception(error)
        else:
            promise.set_result(value)
            self._evict()

    def _evict(self) -> None:
        with self._lock:
            sizes = self._sizes()
            held = sum(sizes.values())
            for key, size in list(sizes.items())[:-1]:
                if held <= self._room:
                    break
                del self._promised[key]
                held -= size

    def _sizes(self) -> dict[Key, int]:
        return {key: self._size(kept.result()) for key, kept in self._promised.items() if kept.done()}


def cache_key(parts: Sequence[object]) -> str:
    """Name a value by all that it is made of."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
