"""What was made last, ready in memory."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """Values by keys that name all that they were made of, so that none is ever out of date; the oldest go first."""

    def __init__(self, room: int, size: Callable[[Value], int]) -> None:
        self._room = room
        self._size = size
        self._ready: OrderedDict[str, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, make: Callable[[], Value]) -> Value:
        """Give what is kept under a key, or make it and keep it."""
        with self._lock:
            if key in self._ready:
                self._ready.move_to_end(key)
                return self._ready[key]
        return self._keep(key, make())

    def _keep(self, key: str, value: Value) -> Value:
        with self._lock:
            self._ready[key] = value
            while len(self._ready) > 1 and sum(map(self._size, self._ready.values())) > self._room:
                self._ready.popitem(last=False)
        return value
