"""What was made last, ready in memory."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """Values by keys that name all that they were made of, so that none is ever out of date; the oldest go first.

    What several threads ask for at once is made by the first of them, and the others wait for it.
    """

    def __init__(self, room: int, size: Callable[[Value], int]) -> None:
        self._room = room
        self._size = size
        self._promised: OrderedDict[str, Future[Value]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, make: Callable[[], Value]) -> Value:
        """Give what is kept under a key, or make it and keep it; what cannot be made is tried anew the next time."""
        with self._lock:
            promised = self._promised.get(key)
            promise = promised or self._promised.setdefault(key, Future())
            self._promised.move_to_end(key)
        if promised is None:
            self._fulfil(key, promise, make)
        return promise.result()

    def _fulfil(self, key: str, promise: Future[Value], make: Callable[[], Value]) -> None:
        try:
            value = make()
        except BaseException as error:  # noqa: BLE001 - those who wait must hear of it, whatever it is
            with self._lock:
                self._promised.pop(key, None)
            promise.set_exception(error)
        else:
            promise.set_result(value)
            self._make_room()

    def _make_room(self) -> None:
        with self._lock:
            sizes = {key: self._size(kept.result()) for key, kept in self._promised.items() if kept.done()}
            held = sum(sizes.values())
            for key, size in list(sizes.items())[:-1]:
                if held <= self._room:
                    break
                del self._promised[key]
                held -= size


def key_of(parts: Sequence[object]) -> str:
    """Name a value by all that it is made of."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
