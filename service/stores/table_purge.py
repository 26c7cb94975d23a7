"""Files of a table that no version to be kept needs: searched, and removed for good."""

from collections.abc import Sequence
from typing import Final, Literal

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

from service.stores.delta import DeltaDirectory, commit, count_purges, file_names, file_of

Search = Literal["found", "unavailable_reason", "unreadable"]

_BEFORE_ALL: Final = -1


class Purge:
    """Removes the files of a table that no version to be kept needs, in two steps.

    `begin` writes into the log that a purge has begun: what was staged before cannot be committed any more. Whoever
    counts the versions of the table elsewhere does that, and says which to keep, while nobody can count one. `finish`
    then has all the time it needs.
    """

    def __init__(self, place: DeltaDirectory) -> None:
        self._place = place
        with place.contended():
            self._delta = place.open_at(None)
        self._number = count_purges(self._delta)
        self._kept: Sequence[int] = ()

    def begin(self, keep: Sequence[int] | None) -> None:
        """Let nothing be committed that was staged before; the newest version becomes the newest of those to `keep`.

        With None the newest version is the one to keep.
        """
        with self._place.contended():
            self._delta.update_incremental()
            newest = self._delta.version()
            self._kept = [newest] if keep is None else keep
            self._number = count_purges(self._delta) + 1
            counted = max(self._kept, default=newest)
            restored = None if counted == newest else self._place.open_at(counted)
            _commit(self._place, self._delta, restored, self._number)

    def finish(self) -> None:
        """Remove the files."""
        for name in leftovers(self._place, self._kept):
            if _number_of(name) < self._number:
                self._place.files.remove_file(f"{self._place.path}/{name}")


def leftovers(place: DeltaDirectory, keep: Sequence[int] | None) -> list[str]:
    """Name the files of a table that no version to `keep` needs, or, with None, that the newest version does not."""
    kept = {name for version in ([None] if keep is None else keep) for name in file_names(place.open_at(version))}
    with place.files.reached():
        return [name for name in place.list_files() if name not in kept]


def search_file(place: DeltaDirectory, name: str, value: str) -> Search:
    """Search the first column of a file for a text; a file may be half written."""
    try:
        with place.files.reached():
            dataset = ds.dataset([f"{place.path}/{name}"], format="parquet", filesystem=place.files.arrow)
            key = ds.field(dataset.schema.names[0])
            return "found" if dataset.count_rows(filter=key == value) else "unavailable_reason"
    except FileNotFoundError:
        return "unavailable_reason"
    except (pa.ArrowException, IndexError, OSError):
        return "unreadable"


def _commit(place: DeltaDirectory, delta: DeltaTable, restored: DeltaTable | None, number: int) -> None:
    schema = pa.schema((restored or delta).schema().to_arrow())
    if restored is None or file_names(restored) == file_names(delta):
        commit(delta, schema, None, purges=number)
        return
    [name] = file_names(restored)
    n_rows = pa.table(restored.get_add_actions()).column("num_records")[0].as_py()
    commit(delta, schema, file_of(name, place.file_size(name), n_rows), purges=number)


def _number_of(name: str) -> int:
    """Return how many purges had begun when a file was staged."""
    number = name.partition("-")[0]
    return int(number) if number.isascii() and number.isdecimal() else _BEFORE_ALL
