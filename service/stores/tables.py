"""Customer tables in Delta Lake.

Every write is a new version, and dropped tables cannot be restored.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar
from weakref import WeakValueDictionary

import pyarrow as pa

from service.errors import TableBusy
from service.storage import open_storage
from service.stores.lru_cache import LruCache

if TYPE_CHECKING:
    from service.stores.delta import DeltaDirectory
    from service.stores.lookup import Lookup
    from service.stores.staged_write import StagedVersion
    from service.stores.table_purge import Purge, Search

ATTEMPTS: Final = 12
MIN_BACKOFF: Final = 0.02
MAX_BACKOFF: Final = 1.0
MAX_LOCK_WAIT: Final = 3.0
MAX_LOOKUPS: Final = 16

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A streamed table: its schema and its batches."""

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]


class Tables:
    """Customer tables in a directory or an object store."""

    def __init__(self, root: str | Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.files = open_storage(root)
        self._sleep = sleep
        self._registering = Lock()
        self._lookups: LruCache[tuple[str, int], Lookup] = LruCache(MAX_LOOKUPS, lambda _: 1)
        self._write_locks: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    def replace(self, path: str, table: pa.Table) -> int:
        """Create or replace a table in one commit; return its Delta version."""
        return self.write(path, table.schema, table.to_batches)

    def write(
        self, path: str, schema: pa.Schema, batches: Callable[[], Iterable[pa.RecordBatch]]
    ) -> int:
        """Create or replace a table by streamed batches.

        `batches` is called again for each retry.
        """
        from service.stores.staged_write import replace  # noqa: PLC0415 - see `_directory`

        directory = self._directory(path)
        return self.retry(lambda: replace(directory, schema, batches()))

    def modify(self, path: str, change: Callable[[pa.Table], pa.Table]) -> int:
        """Replace a table by `change` of its newest version, retried after a lost race.

        Each version is one new file; `purge` removes the files that are no longer needed.
        """
        from service.stores.staged_write import modify  # noqa: PLC0415 - see `_directory`

        directory = self._directory(path)
        return self.retry(lambda: modify(directory, change))

    @contextmanager
    def stage(self, path: str, table: pa.Table) -> Iterator["StagedVersion"]:
        """Stage a version for the caller to commit.

        It is removed at the end of the block unless it was committed.
        """
        from service.stores.staged_write import stage  # noqa: PLC0415 - see `_directory`

        with stage(self._directory(path), table.schema, table.to_batches()) as staged:
            yield staged

    @contextmanager
    def write_lock(self, name: str) -> Iterator[None]:
        """Serialize the writers of a table in this process, so that none starves in retries.

        After a time-out the block runs without the lock: a lost race is safe and only costs another
        attempt.
        """
        with self._registering:
            lock = self._write_locks.setdefault(name, Lock())
        is_locked = lock.acquire(timeout=MAX_LOCK_WAIT)
        try:
            yield
        finally:
            if is_locked:
                lock.release()

    def retry(self, act: Callable[[], Result]) -> Result:
        """Call `act`, retried on TableBusy with exponential backoff.

        Raises TableBusy after the last attempt.
        """
        for attempt in range(ATTEMPTS):
            with suppress(TableBusy):
                return act()
            longest = min(MAX_BACKOFF, MIN_BACKOFF * 2**attempt)
            self._sleep(random.SystemRandom().uniform(longest / 2, longest))
        raise TableBusy

    def read(
        self, path: str, version: int | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Read a version, or the newest, in the order written; `columns` selects columns."""
        return self._directory(path).read(version, columns)

    def find(self, path: str, version: int, column: str, value: str) -> pa.Table:
        """Read the rows of a version whose `column` equals `value`."""
        return self._directory(path).find(version, column, value)

    def lookup(self, path: str, version: int) -> "Lookup":
        """Open the lookup file of a version, which is written if it is missing."""
        return self._lookups.get((path, version), lambda: self._directory(path).lookup(version))

    def batches(
        self,
        path: str,
        version: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        start: int = 0,
    ) -> Iterator[pa.RecordBatch]:
        """Read a version, or the newest, in batches from the row `start`, counted from 0."""
        return self._directory(path).batches(version, columns, start)

    def purge(self, path: str, *, keep: Sequence[int] | None = None) -> None:
        """Remove the files that no version to `keep` needs.

        With None, those that the newest version does not.
        """

        def begin() -> "Purge":
            purge = self.open_purge(path)
            purge.begin(keep)
            return purge

        self.retry(begin).finish()

    def open_purge(self, path: str) -> "Purge":
        """Open a purge of a table's files, to be begun and finished by the caller."""
        from service.stores.table_purge import Purge  # noqa: PLC0415 - see `_directory`

        return Purge(self._directory(path))

    def unused_files(self, path: str, keep: Sequence[int] | None) -> list[str]:
        """List the files of a table that no version to `keep` needs.

        With None, those that the newest does not.
        """
        from service.stores.table_purge import unused_files  # noqa: PLC0415 - see `_directory`

        return unused_files(self._directory(path), keep)

    def search_unused_files(
        self, path: str, keep: Sequence[int] | None, value: str
    ) -> "Iterator[Search]":
        """Search the first column of each of the unused files of a table for a text."""
        from service.stores.table_purge import search_file, unused_files  # noqa: PLC0415 - see `_directory`

        directory = self._directory(path)
        return (search_file(directory, name, value) for name in unused_files(directory, keep))

    def exists(self, path: str) -> bool:
        return self._directory(path).exists()

    def drop(self, path: str) -> None:
        """Remove a table with all its versions, irrevocably."""
        self.files.remove(path)

    def answers(self) -> bool:
        """Return whether the store can be reached."""
        return self.files.answers()

    def has_free_space(self) -> bool:
        return self.files.has_free_space()

    def _directory(self, path: str) -> "DeltaDirectory":
        from service.stores.delta import DeltaDirectory  # noqa: PLC0415 - see there

        return DeltaDirectory(self.files, path)
