"""Writes of customers: few rows in shared transactions, large batches into the stored table."""

from collections.abc import Sequence
from typing import Final, cast

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from service.assignments.model_cache import ModelCache
from service.assignments.operations import LoadedVersion, load_version
from service.customers import operations
from service.customers.encoder import encode_upsert
from service.customers.group_commit import GroupCommit
from service.customers.row_writes import RowsWrite, WritableDataset, commit_writes, open_dataset
from service.errors import DatasetDeleted, ServiceError, TableBusy
from service.idempotency.operations import IdempotentRequest
from service.registry.operations import PRODUCTION
from service.stores import Stores
from service.ttl_cache import TtlCache
from service.web.formats import ReaderPool, is_utf8_json, read_patch
from service.web.uploads import Upload

ATTEMPTS: Final = 12
FRESH_SECONDS: Final = 0.4
STALE_SECONDS: Final = 0.8
MAX_DATASETS: Final = 100

DatasetKey = tuple[str, str]


class CustomerWriter:
    """Writes the customers that requests send; one per process.

    The rows of small JSON bodies are parsed on the event loop and stored by group commit.
    """

    def __init__(self, stores: Stores, readers: ReaderPool, models: ModelCache) -> None:
        self._stores, self._readers, self._models = stores, readers, models
        self._datasets: TtlCache[DatasetKey, WritableDataset] = TtlCache(
            self._open,
            seconds=STALE_SECONDS,
            refresh_seconds=FRESH_SECONDS,
            max_entries=MAX_DATASETS,
        )
        self._commits: GroupCommit[WritableDataset, RowsWrite, bytes | ServiceError] = GroupCommit(
            self._commit, n_rows=lambda write: len(write.patches.customer_ids)
        )

    async def write(  # noqa: PLR0913 - where, what, how
        self,
        tenant: str,
        dataset: str,
        body: Upload,
        once: IdempotentRequest,
        *,
        atomic: bool,
        assign: str | None,
    ) -> bytes:
        """Store the customers of a body, and return the answer, the schema `Upsert`."""
        version = None if assign is None else await self._load_version(tenant, assign)
        answer = await self._write_rows((tenant, dataset), body, once, version)
        if answer is not None:
            return answer
        return await run_in_threadpool(
            self._write_table, tenant, dataset, body, once, atomic=atomic, version=version
        )

    async def _write_rows(
        self,
        key: DatasetKey,
        body: Upload,
        once: IdempotentRequest,
        version: LoadedVersion | None,
    ) -> bytes | None:
        """Store the rows of a small and usual JSON body; None for any other body."""
        small = body.small_body() if is_utf8_json(body.content_type) else None
        for _ in range(ATTEMPTS if small is not None else 0):
            target = await self._datasets.get(key)
            patches = target and small and target.parser.parse(small, body.bounds)
            if not target or not patches:
                return None
            write = RowsWrite(patches=patches, sent=once.sent, version=version)
            try:
                outcome = await self._commits.write(target, write)
            except (TableBusy, DatasetDeleted):  # there is a newer version, or none any more
                self._datasets.discard(key)
                continue
            if isinstance(outcome, ServiceError):
                raise outcome
            return outcome
        return None

    def _write_table(  # noqa: PLR0913 - where, what, how
        self,
        tenant: str,
        dataset: str,
        body: Upload,
        once: IdempotentRequest,
        *,
        atomic: bool,
        version: LoadedVersion | None,
    ) -> bytes:
        patch = read_patch(body.file, body.content_type, body.bounds, self._readers)
        return operations.upsert_customers(
            self._stores,
            tenant,
            dataset,
            patch,
            atomic=atomic,
            once=once,
            encode=encode_upsert,
            version=version,
        )

    async def _load_version(self, tenant: str, model: str) -> LoadedVersion:
        """Load the production version of a model; raises NotFound or Conflict if there is none."""
        cached = await self._models.get(tenant, model, PRODUCTION)
        if cached is not None:
            return cached
        return await run_in_threadpool(self._load_version_now, tenant, model)

    def _load_version_now(self, tenant: str, model: str) -> LoadedVersion:
        with self._stores.database.reading() as session:
            return load_version(session, self._stores.scorers, tenant, model, PRODUCTION)

    async def _open(self, key: DatasetKey) -> WritableDataset | None:
        return await run_in_threadpool(self._open_or_none, *key)

    def _open_or_none(self, tenant: str, name: str) -> WritableDataset | None:
        """Open a dataset; None on any error, which is raised again when a table is written."""
        try:
            return open_dataset(self._stores, tenant, name)
        except Exception:  # noqa: BLE001 - see above
            return None

    def _commit(
        self, target: WritableDataset, writes: Sequence[RowsWrite]
    ) -> list[bytes | ServiceError]:
        return commit_writes(self._stores, target, writes, encode_upsert)


def writer_of(request: Request) -> CustomerWriter:
    """Return the writer of the app that serves a request."""
    return cast("CustomerWriter", request.app.state.customer_writer)
