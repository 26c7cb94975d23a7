"""How many requests a key has left in its minute."""

import math
import time
from collections.abc import Callable
from typing import Final, NamedTuple

WINDOW: Final = 60  # seconds
MOST_KEYS: Final = 10_000


class RateLimitState(NamedTuple):
    """What is left to a key: of how many requests, and in how many seconds it has all of them again."""

    allowed: int
    used: int
    resets: int

    @property
    def is_exceeded(self) -> bool:
        """Tell whether more was used than is allowed."""
        return self.used > self.allowed

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Say it in headers (the IETF's draft on rate limits)."""
        left = max(0, self.allowed - self.used)
        return [
            (b"ratelimit-policy", b'"key";q=%d;w=%d' % (self.allowed, WINDOW)),
            (b"ratelimit", b'"key";r=%d;t=%d' % (left, self.resets)),
        ]


class RateLimiter:
    """Counts the requests of each key by the minute that its first one began; each process counts for itself."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._used: dict[str, tuple[float, int]] = {}

    def take(self, key: str | None) -> RateLimitState | None:
        """Count one request of a key; whoever came without one has no quota."""
        if key is None:
            return None
        moment = self._clock()
        began, used = self._used.get(key, (moment, 0))
        if moment - began >= WINDOW:
            began, used = moment, 0
        if len(self._used) >= MOST_KEYS:
            self._used.clear()
        self._used[key] = began, used + 1
        return RateLimitState(allowed=self._per_minute, used=used + 1, resets=math.ceil(began + WINDOW - moment))
