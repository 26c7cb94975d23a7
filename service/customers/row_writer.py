"""Writes of few rows by group commit, from one event loop."""

from collections.abc import Sequence
from typing import Final

from fastapi.concurrency import run_in_threadpool

from service.assignments.operations import LoadedVersion
from service.customers.encoder import encode_upsert
from service.customers.group_commit import GroupCommit
from service.customers.row_writes import RowsWrite, WritableDataset, commit_writes, open_dataset
from service.errors import DatasetDeleted, ServiceError, TableBusy
from service.idempotency.operations import KeyedRequest
from service.stores import Stores
from service.ttl_cache import TtlCache
from service.web.formats import TableLimits

ATTEMPTS: Final = 12
FRESH_SECONDS: Final = 0.4
STALE_SECONDS: Final = 0.8
MAX_DATASETS: Final = 100

DatasetKey = tuple[str, str]


class RowWriter:
    """Parses the rows of small JSON bodies, and stores them by group commit; one per process."""

    def __init__(self, stores: Stores, limits: TableLimits) -> None:
        self._stores, self._limits = stores, limits
        self._datasets: TtlCache[DatasetKey, WritableDataset] = TtlCache(
            self._open,
            seconds=STALE_SECONDS,
            refresh_seconds=FRESH_SECONDS,
            max_entries=MAX_DATASETS,
        )
        self._commits: GroupCommit[WritableDataset, RowsWrite, bytes | ServiceError] = GroupCommit(
            self._commit, n_rows=lambda write: len(write.patches.customer_ids)
        )

    async def write(
        self, key: DatasetKey, body: bytes, sent: KeyedRequest | None, version: LoadedVersion | None
    ) -> bytes | None:
        """Store the rows of a body in the dataset of a tenant, and return the response.

        Returns None if the body is unusual or the request is refused, which the route explains.
        """
        for _ in range(ATTEMPTS):
            target = await self._datasets.get(key)
            patches = target and target.parser.parse(body, self._limits)
            if not target or not patches:
                return None
            write = RowsWrite(patches=patches, sent=sent, version=version)
            try:
                outcome = await self._commits.write(target, write)
            except (TableBusy, DatasetDeleted):  # there is a newer version, or none any more
                self._datasets.discard(key)
                continue
            return outcome if isinstance(outcome, bytes) else None
        return None

    async def _open(self, key: DatasetKey) -> WritableDataset | None:
        return await run_in_threadpool(self._open_or_none, *key)

    def _open_or_none(self, tenant: str, name: str) -> WritableDataset | None:
        """Open a dataset; None on any error, which the route raises again."""
        try:
            return open_dataset(self._stores, tenant, name)
        except Exception:  # noqa: BLE001 - the route raises it again
            return None

    def _commit(
        self, target: WritableDataset, writes: Sequence[RowsWrite]
    ) -> list[bytes | ServiceError]:
        return commit_writes(self._stores, target, writes, encode_upsert)
