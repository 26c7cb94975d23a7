"""Fixed-window rate limiter by API key."""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

from service.auth.rate_limit_windows import WINDOW, LocalWindows, Windows


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
    """Counts the requests of each key in windows of a minute that begin with a request."""

    def __init__(
        self,
        per_minute: int,
        *,
        windows: Windows | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._windows = windows or LocalWindows()
        self._clock = clock

    def take(self, key: str | None) -> RateLimitState | None:
        """Count a request of a key; None without a key, which has no limit."""
        if key is None:
            return None
        time_now = self._clock()
        window = self._windows.count(key, time_now)
        return RateLimitState(
            allowed=self._per_minute,
            used=window.used,
            resets=math.ceil(window.start + WINDOW - time_now),
        )
