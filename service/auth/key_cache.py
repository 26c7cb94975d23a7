"""The keys used last, remembered for a moment: a revoked one is refused within a second in every process."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from fastapi.concurrency import run_in_threadpool

from service.auth import repository
from service.auth.api_keys import hash_key, is_well_formed
from service.auth.operations import caller_with
from service.principals import Principal
from service.stores.database import Database, Session

FRESH_SECONDS: Final = 0.5
AHEAD_SECONDS: Final = 0.2  # before what is known is too old, it is asked for anew: nobody has to wait for it
MOST_KEYS: Final = 1_000

Found = TypeVar("Found")

_UNKNOWN: Final = (-math.inf, None)


class KeyCache:
    """Asks the database about a key at most twice a second; each process has its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._callers: OrderedDict[str, tuple[float, Principal]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Principal | None]] = {}
        self._locked = False
        self._looked = -math.inf

    @property
    def knows_keys(self) -> bool:
        """Tell, without asking, whether there are known to be keys."""
        return self._locked

    def known(self, digest: str) -> Principal | None:
        """Tell who holds the key of a digest, if that is known without asking."""
        since, caller = self._callers.get(digest, _UNKNOWN)
        age = time.monotonic() - since
        if age >= FRESH_SECONDS:
            return None
        if age >= FRESH_SECONDS - AHEAD_SECONDS:
            self._refresh_once(digest)
        return caller

    async def caller(self, key: str) -> Principal | None:
        """Tell who holds a key, if it is live."""
        digest = hash_key(key)
        if caller := self.known(digest):
            return caller
        return await asyncio.shield(self._refresh_once(digest)) if is_well_formed(key) else None

    async def is_keyless(self) -> bool:
        """Tell whether there has never been a key: then this machine itself needs none."""
        if not self._locked and time.monotonic() - self._looked >= FRESH_SECONDS:
            looked = time.monotonic()
            self._locked = await run_in_threadpool(self._read, repository.has_keys)
            self._looked = looked
        return not self._locked

    def _refresh_once(self, digest: str) -> asyncio.Task[Principal | None]:
        """Let all who come with the same key wait for one answer of the database."""
        asking = self._asking.get(digest)
        if asking is None:
            asking = self._asking[digest] = asyncio.create_task(self._ask(digest))
            asking.add_done_callback(partial(self._cached_result, digest))
        return asking

    def _cached_result(self, digest: str, asking: asyncio.Task[Principal | None]) -> None:
        del self._asking[digest]
        if not asking.cancelled():
            asking.exception()  # whoever waits is told; it is no loss where nobody does

    async def _ask(self, digest: str) -> Principal | None:
        since = time.monotonic()
        caller = await run_in_threadpool(self._read, partial(caller_with, digest=digest))
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
