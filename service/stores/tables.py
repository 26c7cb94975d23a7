"""Customer tables: every write is a new Delta Lake version, and what has been dropped is gone."""

import random
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from service.errors import ServiceError

ATTEMPTS: Final = 12
FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 1.0

# File statistics would keep the least and the greatest customer id in the log.
_NAMES_NOBODY: Final = {"delta.dataSkippingStatsColumns": ""}
# A model names the version it learned from, so only an erasure may shorten the log.
_KEEP_THE_LOG: Final = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
# Left to retry by itself, Delta lets two overwrites of an empty table through, and keeps the rows of both.
_COMMIT_ONCE: Final = CommitProperties(max_commit_retries=0)


class TableGone(ServiceError):
    """The table, or this version of it, is no longer there."""


class TableBusy(ServiceError):
    """Others are writing to this table at the moment; try again shortly."""


class TableChangedElsewhere(ServiceError):
    """Another program has deleted rows of this table in a way that the service does not read."""


class Tables:
    """The customer tables below one directory."""

    def __init__(self, root: str | Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._root = Path(root)
        self._sleep = sleep

    def replace(self, path: str, table: pa.Table) -> int:
        """Write a whole table in one commit, the first time or over the last; answers with its Delta version."""
        return self._retried(lambda: _overwrite(self._root / path, table))

    def read(self, path: str, version: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Read one version, rows and columns in the order in which they were written, or just `columns`."""
        try:
            return _read(DeltaTable(self._root / path, version=version), columns)
        except (DeltaError, FileNotFoundError) as error:
            raise TableGone from error

    def exists(self, path: str) -> bool:
        """Tell whether anything was written under this path."""
        return DeltaTable.is_deltatable(str(self._root / path))

    def drop(self, path: str) -> None:
        """Remove a table with all its versions from the disk."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._root / path)

    def _retried(self, commit: Callable[[], int]) -> int:
        for attempt in range(ATTEMPTS):
            try:
                return commit()
            except CommitFailedError:
                self._sleep(_pause(attempt))
        raise TableBusy


def _pause(attempt: int) -> float:
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
    return random.SystemRandom().uniform(longest / 2, longest)


def _overwrite(path: Path, table: pa.Table) -> int:
    delta = _opened(path, table.schema)
    write_deltalake(
        delta,
        table,
        mode="overwrite",
        schema_mode="overwrite",
        commit_properties=_COMMIT_ONCE,
        post_commithook_properties=_KEEP_THE_LOG,
    )
    return delta.version()


def _opened(path: Path, schema: pa.Schema) -> DeltaTable:
    try:
        return DeltaTable(path)
    except TableNotFoundError:
        return DeltaTable.create(path, schema, mode="ignore", configuration=_NAMES_NOBODY)


def _read(delta: DeltaTable, columns: Sequence[str] | None) -> pa.Table:
    if pa.table(delta.deletion_vectors()).num_rows:
        raise TableChangedElsewhere
    # DeltaTable.to_pyarrow_table aborts the process at its exit; reading the files ourselves does not.
    files = [unquote(uri) for uri in delta.file_uris()]
    schema = pa.schema(delta.schema().to_arrow())
    names = schema.names if columns is None else list(columns)
    return ds.dataset(files, schema=schema, format="parquet").to_table(columns=names)
