"""Group commit: concurrent writes to one target share a transaction, and its sync to disk."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, takewhile
from typing import Final, Generic, TypeVar

from fastapi.concurrency import run_in_threadpool

from service.errors import ServiceError

Target = TypeVar("Target", bound=Hashable)
Write = TypeVar("Write")
Outcome = TypeVar("Outcome")

MAX_WRITES: Final = 64  # in one transaction, with at most so many rows unless one write has more
MAX_ROWS: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class _PendingWrite(Generic[Write, Outcome]):
    write: Write
    outcome: asyncio.Future[Outcome]


class GroupCommit(Generic[Target, Write, Outcome]):
    """Commits the writes of one event loop, in their order.

    While a transaction runs, further writes to its target wait, and are then committed together.
    `commit` stores a group and returns an outcome for each of its writes; it runs in a thread. If
    it fails unexpectedly, each write is committed alone, so that one cannot fail the others.
    `n_rows` counts the rows of a write.
    """

    def __init__(
        self,
        commit: Callable[[Target, Sequence[Write]], Sequence[Outcome]],
        n_rows: Callable[[Write], int],
    ) -> None:
        self._commit = commit
        self._n_rows = n_rows
        self._queues: defaultdict[Target, deque[_PendingWrite[Write, Outcome]]] = defaultdict(deque)
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, target: Target, write: Write) -> Outcome:
        """Wait until a write is committed, and return its outcome."""
        queue = self._queues[target]
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        queue.append(_PendingWrite(write=write, outcome=outcome))
        if len(queue) == 1:
            task = asyncio.create_task(self._drain(target, queue))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await outcome

    async def _drain(self, target: Target, queue: deque[_PendingWrite[Write, Outcome]]) -> None:
        """Commit the writes to a target until none waits."""
        try:
            while queue:
                group = self._next_group(queue)
                await self._commit_group(target, group)
                for _ in group:  # a write stays first in the queue until it is committed
                    queue.popleft()
        finally:
            del self._queues[target]

    def _next_group(
        self, queue: deque[_PendingWrite[Write, Outcome]]
    ) -> list[_PendingWrite[Write, Outcome]]:
        n_rows = accumulate(self._n_rows(each.write) for each in queue)
        fitting = sum(1 for _ in takewhile(lambda n: n <= MAX_ROWS, islice(n_rows, MAX_WRITES)))
        return list(islice(queue, max(fitting, 1)))

    async def _commit_group(
        self, target: Target, group: Sequence[_PendingWrite[Write, Outcome]]
    ) -> None:
        try:
            outcomes = await run_in_threadpool(self._commit, target, [each.write for each in group])
        except Exception as error:  # noqa: BLE001 - raised again where the writes wait
            if len(group) > 1 and not isinstance(error, ServiceError):
                for each in group:
                    await self._commit_group(target, [each])
                return
            for each in group:
                if not each.outcome.done():
                    each.outcome.set_exception(error)
        else:
            for each, outcome in zip(group, outcomes, strict=True):
                if not each.outcome.done():  # as if its request was cancelled
                    each.outcome.set_result(outcome)
