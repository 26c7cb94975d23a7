"""Fixed-window rate limiter by API key."""

import math
import time
from collections.abc import Callable
from typing import Final, NamedTuple

WINDOW: Final = 60  # seconds
MAX_KEYS: Final = 10_000


class RateLimitState(NamedTuple):
    """State of a key's window: its limit, its requests so far, and the seconds until it resets."""

    allowed: int
    used: int
    resets: int

    @property
    def is_exceeded(self) -> bool:
        return self.used > self.allowed

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers `RateLimit-Policy` and `RateLimit` (IETF draft)."""
        remaining = max(0, self.allowed - self.used)
        return [
            (b"ratelimit-policy", b'"key";q=%d;w=%d' % (self.allowed, WINDOW)),
            (b"ratelimit", b'"key";r=%d;t=%d' % (remaining, self.resets)),
        ]


class RateLimiter:
    """Counts the requests of each key in windows of a minute that begin with a request.

    One per process.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._used: dict[str, tuple[float, int]] = {}

    def take(self, key: str | None) -> RateLimitState | None:
        """Count a request of a key; None without a key, which has no limit."""
        if key is None:
            return None
        time_now = self._clock()
        window_start, used = self._used.get(key, (time_now, 0))
        if time_now - window_start >= WINDOW:
            window_start, used = time_now, 0
        if len(self._used) >= MAX_KEYS:
            self._used.clear()
        self._used[key] = window_start, used + 1
        return RateLimitState(
            allowed=self._per_minute,
            used=used + 1,
            resets=math.ceil(window_start + WINDOW - time_now),
        )
