"""Semaphore of bytes: limits the memory of all request bodies that are being parsed."""

import asyncio
from typing import Final

from service.errors import MemoryBusy

WAIT_SECONDS: Final = 10.0

BudgetWaiter = tuple[int, asyncio.Future[None]]


class MemoryBudget:
    """Semaphore of bytes.

    The share of a body is at most half of the budget, so that one cannot block all others. Only a
    decoded table may acquire all of it.
    """

    def __init__(self, n_bytes: int, *, seconds: float = WAIT_SECONDS) -> None:
        self.n_bytes = n_bytes
        self.max_share = max(n_bytes // 2, 1)
        self._free = n_bytes
        self._seconds = seconds
        self._waiters: list[BudgetWaiter] = []

    async def acquire(self, n_bytes: int) -> None:
        """Acquire a share, waiting until it is free. Raises MemoryBusy after the timeout."""
        if n_bytes <= self._free:
            self._free -= n_bytes
            return
        waiter = n_bytes, asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            acquired, _ = await asyncio.wait([waiter[1]], timeout=self._seconds)
        except asyncio.CancelledError:
            self._cancel(waiter)
            raise
        if not acquired:
            self._cancel(waiter)
            raise MemoryBusy

    def release(self, n_bytes: int) -> None:
        """Release a share and wake, in order, the waiters whose shares fit."""
        self._free += n_bytes
        for waiter in self._waiters.copy():
            share, acquired = waiter
            if share <= self._free and not acquired.done():
                self._free -= share
                self._waiters.remove(waiter)
                acquired.set_result(None)

    def _cancel(self, waiter: BudgetWaiter) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        else:
            self.release(waiter[0])
