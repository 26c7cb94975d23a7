"""The memory that all bodies may take together while they are read."""

import asyncio
from typing import Final

from service.errors import MemoryBusy

WAIT_SECONDS: Final = 10.0

BudgetWaiter = tuple[int, asyncio.Future[None]]


class MemoryBudget:
    """A number of bytes, lent in shares; one share is at most half of it, so that no body keeps all others waiting."""

    def __init__(self, n_bytes: int, *, seconds: float = WAIT_SECONDS) -> None:
        self.max_share = max(n_bytes // 2, 1)
        self._free = n_bytes
        self._seconds = seconds
        self._waiting: list[BudgetWaiter] = []

    async def take(self, n_bytes: int) -> None:
        """Take a share, as soon as so much is free. Raises MemoryBusy if that takes too long."""
        if n_bytes <= self._free:
            self._free -= n_bytes
            return
        waiter = n_bytes, asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            taken, _ = await asyncio.wait([waiter[1]], timeout=self._seconds)
        except asyncio.CancelledError:
            self._give_up(waiter)
            raise
        if not taken:
            self._give_up(waiter)
            raise MemoryBusy

    def give_back(self, n_bytes: int) -> None:
        """Give a share back, to the first who wait for no more than is free."""
        self._free += n_bytes
        for waiter in self._waiting.copy():
            n_wanted, turn = waiter
            if n_wanted <= self._free and not turn.done():
                self._free -= n_wanted
                self._waiting.remove(waiter)
                turn.set_result(None)

    def _give_up(self, waiter: BudgetWaiter) -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        else:
            self.give_back(waiter[0])
