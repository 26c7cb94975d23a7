"""Interface of file storages."""

import errno
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from pyarrow import NativeFile
from pyarrow.fs import FileSelector, FileSystem, FileType

from service.errors import Unavailable

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class StorageUnavailable(Unavailable):
    """The store of tables or model files cannot be reached at the moment; try again shortly."""


class Storage(ABC):
    """Files below a location; paths are relative to it."""

    options: dict[str, str] | None = None

    def __init__(self, location: str, arrow: FileSystem) -> None:
        self._location = location
        self.arrow = arrow

    def at(self, path: str) -> str:
        """Return a path's absolute path or URL, for other libraries."""
        return f"{self._location}/{path}"

    def read(self, path: str) -> bytes:
        with self.reached(), self.arrow.open_input_stream(path) as file:
            content: bytes = file.read()
        return content

    @abstractmethod
    def open_mapped(self, path: str) -> NativeFile:
        """Open a file for reading, as a memory map: what is read takes no memory of its own."""

    def changes(self) -> Iterator[tuple[str, float]]:
        """Iterate over all files with their modification times, as Unix timestamps.

        Now if a store has none.
        """
        with self.reached():
            entries = self.arrow.get_file_info(
                FileSelector("", recursive=True, allow_not_found=True)
            )
        for entry in entries:
            if entry.type == FileType.File:
                yield entry.path, entry.mtime_ns / 1e9 if entry.mtime_ns else time.time()

    def remove_file(self, path: str) -> None:
        """Remove a file if it exists."""
        with suppress(FileNotFoundError), self.reached():
            self.arrow.delete_file(path)

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Translate the errors of a block into StorageFull or StorageUnavailable."""
        yield

    @abstractmethod
    def publish(self, directory: str, files: Mapping[str, bytes]) -> None:
        """Write a directory's files durably; the last one completes it.

        Raises FileExistsError if it is complete.
        """

    @abstractmethod
    def replace(self, path: str, data: bytes) -> None:
        """Write or overwrite a file atomically and durably."""

    @abstractmethod
    def names(self, directory: str) -> list[str]:
        """List the entries of a directory; empty if it does not exist."""

    @abstractmethod
    def remove(self, directory: str) -> None:
        """Remove a directory with its contents, if it exists."""

    def has_free_space(self) -> bool:
        """Return whether there is free space; True if a store does not report it."""
        return True

    @abstractmethod
    def answers(self) -> bool:
        """Return whether the storage can be reached and written to."""


def is_full(error: Exception) -> bool:
    """Return whether an error means that the disk or the user's quota is full."""
    if not isinstance(error, OSError):
        return False
    # delta-rs reports the errno in the message only.
    return error.errno in _FULL or any(f"(os error {number})" in str(error) for number in _FULL)
