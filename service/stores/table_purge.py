"""Purge of a table: finds and removes the files that no retained version needs."""

from collections.abc import Sequence
from typing import Final, Literal

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

from service.stores import lookup
from service.stores.delta import DeltaDirectory, commit, count_purges, file_names, file_of

Search = Literal["found", "absent", "unreadable"]

_UNNUMBERED: Final = -1


class Purge:
    """Two-step removal of the files that no retained version needs.

    `begin` records the purge in the log, after which no file staged earlier can be committed.
    Callers that record versions in the database call it inside the transaction in which they choose
    the versions to keep. `finish` removes the files and may take any time.
    """

    def __init__(self, directory: DeltaDirectory) -> None:
        self._directory = directory
        with directory.conflicts_as_busy():
            self._delta = directory.open_at(None)
        self._number = count_purges(self._delta)
        self._retained: Sequence[int] = ()

    def begin(self, keep: Sequence[int] | None) -> None:
        """Record the purge in the log, and restore the newest of the versions to `keep`.

        With None, keep the newest.
        """
        with self._directory.conflicts_as_busy():
            self._delta.update_incremental()
            newest = self._delta.version()
            self._retained = [newest] if keep is None else keep
            self._number = count_purges(self._delta) + 1
            newest_retained = max(self._retained, default=newest)
            restored = (
                None if newest_retained == newest else self._directory.open_at(newest_retained)
            )
            _commit(self._directory, self._delta, restored, self._number)

    def finish(self) -> None:
        self._remove_unused()
        self._remove_unused()  # lookup files that were written while their tables were removed

    def _remove_unused(self) -> None:
        for name in unused_files(self._directory, self._retained):
            # The number of purges that had begun when the file was staged.
            number = name.removeprefix(f"{lookup.DIRECTORY}/").partition("-")[0]
            is_numbered = number.isascii() and number.isdecimal()
            if (int(number) if is_numbered else _UNNUMBERED) < self._number:
                self._directory.files.remove_file(f"{self._directory.path}/{name}")


def unused_files(directory: DeltaDirectory, keep: Sequence[int] | None) -> list[str]:
    """List the files of a table that no version to `keep` needs.

    With None, those that the newest version does not.
    """
    needed = {
        name
        for version in ([None] if keep is None else keep)
        for name in file_names(directory.open_at(version))
    }
    needed |= {lookup.path_of(name) for name in needed}
    with directory.files.reached():
        # A lookup file has a suffix while it is written.
        return [
            name for name in directory.list_files() if lookup.without_suffix(name) not in needed
        ]


def search_file(directory: DeltaDirectory, name: str, value: str) -> Search:
    """Search the first column of a file for a text; a partially written file is unreadable."""
    try:
        with directory.files.reached():
            fmt = "ipc" if name.startswith(f"{lookup.DIRECTORY}/") else "parquet"
            dataset = ds.dataset(
                [f"{directory.path}/{name}"], format=fmt, filesystem=directory.files.arrow
            )
            key = ds.field(dataset.schema.names[0])
            return "found" if dataset.count_rows(filter=key == value) else "absent"
    except FileNotFoundError:
        return "absent"
    except (pa.ArrowException, IndexError, OSError):
        return "unreadable"


def _commit(
    directory: DeltaDirectory, delta: DeltaTable, restored: DeltaTable | None, number: int
) -> None:
    schema = pa.schema((restored or delta).schema().to_arrow())
    if restored is None or file_names(restored) == file_names(delta):
        commit(delta, schema, None, purges=number)
        return
    [name] = file_names(restored)
    n_rows = pa.table(restored.get_add_actions()).column("num_records")[0].as_py()
    commit(delta, schema, file_of(name, directory.file_size(name), n_rows), purges=number)
