"""The versions used last, ready to place: what was moved, renamed or deleted is seen in every process in a second."""

import asyncio
import math
import time
from collections import OrderedDict
from typing import Final

from fastapi.concurrency import run_in_threadpool

from service.assignments.operations import LoadedVersion, load_version
from service.stores import Stores

FRESH_SECONDS: Final = 0.4
STALE_SECONDS: Final = 0.8
MOST_PLACERS: Final = 1_000

Asked = tuple[str, str, str]

_UNKNOWN: Final = (-math.inf, None)


class ModelCache:
    """Asks the database about a version at most every 0.4 seconds, and only if somebody asks; each process has its own.

    For another 0.4 seconds what is known already does, while the database is asked: nobody has to wait for it.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._known: OrderedDict[Asked, tuple[float, LoadedVersion]] = OrderedDict()
        self._asking: dict[Asked, asyncio.Task[LoadedVersion | None]] = {}

    async def get(self, tenant: str, model: str, ref: str) -> LoadedVersion | None:
        """Give a version ready to place; None where there is none, or nobody who could tell."""
        return self.known(tenant, model, ref) or await asyncio.shield(self._refresh_once((tenant, model, ref)))

    def known(self, tenant: str, model: str, ref: str) -> LoadedVersion | None:
        """Give a version if nobody has to wait for it."""
        asked = (tenant, model, ref)
        since, placer = self._known.get(asked, _UNKNOWN)
        age = time.monotonic() - since
        if age >= STALE_SECONDS:
            return None
        if age >= FRESH_SECONDS:
            self._refresh_once(asked)
        return placer

    def forget(self) -> None:
        """Ask anew: something has just been changed here."""
        self._known.clear()
        self._asking.clear()

    def _refresh_once(self, asked: Asked) -> asyncio.Task[LoadedVersion | None]:
        asking = self._asking.get(asked)
        if asking is None:
            asking = self._asking[asked] = asyncio.create_task(self._ask(asked))
        return asking

    async def _ask(self, asked: Asked) -> LoadedVersion | None:
        since, task = time.monotonic(), asyncio.current_task()
        placer = await run_in_threadpool(self._open, *asked)
        if self._asking.get(asked) is task:  # and nothing was changed meanwhile
            del self._asking[asked]
            self._keep(asked, since, placer)
        return placer

    def _keep(self, asked: Asked, since: float, placer: LoadedVersion | None) -> None:
        self._known.pop(asked, None)
        if placer:
            self._known[asked] = since, placer
        if len(self._known) > MOST_PLACERS:
            self._known.popitem(last=False)

    def _open(self, tenant: str, model: str, ref: str) -> LoadedVersion | None:
        """Open a version; why one cannot be had is said by the road that everything unusual takes."""
        try:
            with self._stores.database.reading() as session:
                return load_version(session, self._stores.scorers, tenant, model, ref)
        except Exception:  # noqa: BLE001 - whatever it is, the routes come upon it as well
            return None
