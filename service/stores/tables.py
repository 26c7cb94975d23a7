"""Customer tables: every write is a new Delta Lake version, and what has been dropped is gone."""

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

if TYPE_CHECKING:
    from service.stores.delta import DeltaDirectory
    from service.stores.staged_write import StagedVersion
    from service.stores.table_purge import Purge, Search

ATTEMPTS: Final = 12
FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 1.0
LONGEST_WAIT: Final = 3.0

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table that is read while it is used."""

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]


class Tables:
    """The customer tables in one place, a directory or an object store."""

    def __init__(self, root: str | Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.files = open_storage(root)
        self._sleep = sleep
        self._naming = Lock()
        self._turns: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    def replace(self, path: str, table: pa.Table) -> int:
        """Write a whole table in one commit, the first time or over the last; answers with its Delta version."""
        return self.write(path, table.schema, table.to_batches)

    def write(self, path: str, schema: pa.Schema, batches: Callable[[], Iterable[pa.RecordBatch]]) -> int:
        """Write a table batch by batch, never holding all of it; `batches` is asked again for another try."""
        from service.stores.staged_write import replace  # noqa: PLC0415 - see `_place`

        place = self._place(path)
        return self.retried(lambda: replace(place, schema, batches()))

    def modify(self, path: str, change: Callable[[pa.Table], pa.Table]) -> int:
        """Replace a table by what `change` makes of its newest version, anew if somebody else was faster meanwhile.

        Whole tables are written, so files never pile up within a version; what a version no longer needs is left to
        `purge`.
        """
        from service.stores.staged_write import modify  # noqa: PLC0415 - see `_place`

        place = self._place(path)
        return self.retried(lambda: modify(place, change))

    @contextmanager
    def stage(self, path: str, table: pa.Table) -> Iterator["StagedVersion"]:
        """Write a version to be committed by whoever counts it; removed at the end of the block if it was not."""
        from service.stores.staged_write import stage  # noqa: PLC0415 - see `_place`

        with stage(self._place(path), table.schema, table.to_batches()) as staged:
            yield staged

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Let the writers of this process change a table one after the other, so that none loses again and again.

        Who waits too long goes on all the same: a lost race is safe, and only costs another attempt.
        """
        with self._naming:
            lock = self._turns.setdefault(name, Lock())
        taken = lock.acquire(timeout=LONGEST_WAIT)
        try:
            yield
        finally:
            if taken:
                lock.release()

    def retried(self, act: Callable[[], Result]) -> Result:
        """Act until nobody else is faster, with growing pauses; TableBusy after the last attempt."""
        for attempt in range(ATTEMPTS):
            with suppress(TableBusy):
                return act()
            self._sleep(_pause(attempt))
        raise TableBusy

    def read(self, path: str, version: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a version, or the newest: rows and columns as they were written, or just `columns`."""
        return self._place(path).read(version, columns)

    def find(self, path: str, version: int, column: str, value: str) -> pa.Table:
        """Read the rows of a version that have this text in a column."""
        return self._place(path).find(version, column, value)

    def batches(
        self, path: str, version: int | None = None, columns: Sequence[str] | None = None, *, start: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """Read a version, or the newest, batch by batch from the row `start`, counted from 0."""
        return self._place(path).batches(version, columns, start)

    def purge(self, path: str, *, keep: Sequence[int] | None = None) -> None:
        """Remove from the disk what no version to `keep` needs, or, with None, what the newest version does not."""

        def begin() -> "Purge":
            purge = self.open_purge(path)
            purge.begin(keep)
            return purge

        self.retried(begin).finish()

    def open_purge(self, path: str) -> "Purge":
        """Prepare to remove from the disk what no version to be kept needs."""
        from service.stores.table_purge import Purge  # noqa: PLC0415 - see `_place`

        return Purge(self._place(path))

    def leftovers(self, path: str, keep: Sequence[int] | None) -> list[str]:
        """Name the files of a table, relative to it, that no version to `keep` needs, or that the newest does not."""
        from service.stores.table_purge import leftovers  # noqa: PLC0415 - see `_place`

        return leftovers(self._place(path), keep)

    def search_leftovers(self, path: str, keep: Sequence[int] | None, value: str) -> "Iterator[Search]":
        """Search the `leftovers` of a table, file by file, for a text in the first column."""
        from service.stores.table_purge import leftovers, search_file  # noqa: PLC0415 - see `_place`

        place = self._place(path)
        return (search_file(place, name, value) for name in leftovers(place, keep))

    def exists(self, path: str) -> bool:
        """Tell whether anything was written under this path."""
        return self._place(path).exists()

    def drop(self, path: str) -> None:
        """Remove a table with all its versions for good."""
        self.files.remove(path)

    def answers(self) -> bool:
        """Tell whether the tables are within reach."""
        return self.files.answers()

    def has_room(self) -> bool:
        """Tell whether there is room for more."""
        return self.files.has_room()

    def _place(self, path: str) -> "DeltaDirectory":
        from service.stores.delta import DeltaDirectory  # noqa: PLC0415 - see there

        return DeltaDirectory(self.files, path)


def _pause(attempt: int) -> float:
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
    return random.SystemRandom().uniform(longest / 2, longest)
