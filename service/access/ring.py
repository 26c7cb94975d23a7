"""The keys used last, remembered for a moment: a revoked one is refused within a second in every process."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from fastapi.concurrency import run_in_threadpool

from service.access import repository
from service.access.keys import digest_of, is_plausible
from service.access.operations import caller_with
from service.callers import Caller
from service.stores.database import Database, Session

FRESH_SECONDS: Final = 0.5
MOST_KEYS: Final = 1_000

Found = TypeVar("Found")


class KeyRing:
    """Asks the database about a key at most twice a second; each process has its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._callers: OrderedDict[str, tuple[float, Caller]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Caller | None]] = {}
        self._locked = False
        self._looked = -FRESH_SECONDS

    @property
    def knows_keys(self) -> bool:
        """Tell, without asking, whether there are known to be keys."""
        return self._locked

    async def caller(self, key: str) -> Caller | None:
        """Tell who holds a key, if it is live."""
        digest = digest_of(key)
        since, caller = self._callers.get(digest, (-FRESH_SECONDS, None))
        if caller and time.monotonic() - since < FRESH_SECONDS:
            return caller
        return await self._asked_once(digest, key) if is_plausible(key) else None

    async def is_keyless(self) -> bool:
        """Tell whether there has never been a key: then this machine itself needs none."""
        if not self._locked and time.monotonic() - self._looked >= FRESH_SECONDS:
            looked = time.monotonic()
            self._locked = await run_in_threadpool(self._read, repository.has_keys)
            self._looked = looked
        return not self._locked

    async def _asked_once(self, digest: str, key: str) -> Caller | None:
        """Let all who come with the same key wait for one answer of the database."""
        asking = self._asking.get(digest)
        if asking is None:
            asking = self._asking[digest] = asyncio.create_task(self._ask(digest, key))
            asking.add_done_callback(lambda _: self._asking.pop(digest, None))
        return await asyncio.shield(asking)

    async def _ask(self, digest: str, key: str) -> Caller | None:
        since = time.monotonic()
        caller = await run_in_threadpool(self._read, lambda session: caller_with(session, key))
        self._callers.pop(digest, None)
        if caller is not None:
            self._locked = True
            self._callers[digest] = since, caller
        if len(self._callers) > MOST_KEYS:
            self._callers.popitem(last=False)
        return caller

    def _read(self, question: Callable[[Session], Found]) -> Found:
        with self._database.reading() as session:
            return question(session)
