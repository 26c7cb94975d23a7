"""Customer tables: every write is a new Delta Lake version, and what has been dropped is gone."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from service.errors import TableBusy
from service.files import open_files

if TYPE_CHECKING:
    from service.stores.delta import Place

ATTEMPTS: Final = 12
FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table that is read while it is used."""

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]


class Tables:
    """The customer tables in one place, a directory or an object store."""

    def __init__(self, root: str | Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.files = open_files(root)
        self._sleep = sleep

    def replace(self, path: str, table: pa.Table) -> int:
        """Write a whole table in one commit, the first time or over the last; answers with its Delta version."""
        return self.write(path, table.schema, table.to_batches)

    def write(self, path: str, schema: pa.Schema, batches: Callable[[], Iterable[pa.RecordBatch]]) -> int:
        """Write a table batch by batch, never holding all of it; `batches` is asked again for another try."""
        place = self._place(path)
        return self._retried(lambda: place.write(schema, batches))

    def modify(self, path: str, change: Callable[[pa.Table], pa.Table]) -> int:
        """Replace a table by what `change` makes of its newest version, anew if somebody else was faster meanwhile.

        Whole tables are written, so files never pile up within a version; what a version no longer needs is left to
        `purge`.
        """
        place = self._place(path)
        return self._retried(lambda: place.modify(change))

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

    def purge(self, path: str, *, keep: Sequence[int] = ()) -> None:
        """Remove from the disk what neither the newest version nor those to `keep`, and those after them, need."""
        place = self._place(path)
        self._retried(lambda: place.purge(keep))

    def exists(self, path: str) -> bool:
        """Tell whether anything was written under this path."""
        return self._place(path).exists()

    def drop(self, path: str) -> None:
        """Remove a table with all its versions for good."""
        self.files.remove(path)

    def answers(self) -> bool:
        """Tell whether the tables are within reach."""
        return self.files.answers()

    def _place(self, path: str) -> "Place":
        from service.stores.delta import Place  # noqa: PLC0415 - see there

        return Place(self.files, path)

    def _retried(self, commit: Callable[[], int | None]) -> int:
        """Commit until nobody else was faster."""
        for attempt in range(ATTEMPTS):
            version = commit()
            if version is not None:
                return version
            self._sleep(_pause(attempt))
        raise TableBusy


def _pause(attempt: int) -> float:
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
    return random.SystemRandom().uniform(longest / 2, longest)
