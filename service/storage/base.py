"""What a place for files can do, wherever it is."""

import errno
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from pyarrow.fs import FileSelector, FileSystem, FileType

from service.errors import Unavailable

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class StorageUnavailable(Unavailable):
    """The store of tables or model files cannot be reached at the moment; try again shortly."""


class Storage(ABC):
    """Files below one place; their paths are relative to it."""

    options: dict[str, str] | None = None

    def __init__(self, location: str, arrow: FileSystem) -> None:
        self._location = location
        self.arrow = arrow

    def at(self, path: str) -> str:
        """Give the address that other libraries know a path by."""
        return f"{self._location}/{path}"

    def read(self, path: str) -> bytes:
        """Read a whole file."""
        with self.reached(), self.arrow.open_input_stream(path) as file:
            content: bytes = file.read()
        return content

    def changes(self) -> Iterator[tuple[str, float]]:
        """List every file, with the time of its last change in seconds since 1970; now, where a store does not say."""
        with self.reached():
            found = self.arrow.get_file_info(FileSelector("", recursive=True, allow_not_found=True))
        files = (one for one in found if one.type == FileType.File)
        return ((one.path, one.mtime_ns / 1e9 if one.mtime_ns else time.time()) for one in files)

    def remove_file(self, path: str) -> None:
        """Remove a file, if it is there."""
        with suppress(FileNotFoundError), self.reached():
            self.arrow.delete_file(path)

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Do something with these files; StorageUnavailable where they are out of reach."""
        yield

    @abstractmethod
    def publish(self, directory: str, files: Mapping[str, bytes]) -> None:
        """Write a directory's files for good; none counts before the last is there. FileExistsError if that is."""

    @abstractmethod
    def replace(self, path: str, data: bytes) -> None:
        """Write over a file for good; whoever reads meanwhile sees all of the old or all of the new."""

    @abstractmethod
    def names(self, directory: str) -> list[str]:
        """List what lies in a directory; nothing if it is not there."""

    @abstractmethod
    def remove(self, directory: str) -> None:
        """Remove a directory and all in it, if it is there."""

    def has_room(self) -> bool:
        """Tell whether there is room for more; a store that does not say has some."""
        return True

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether files can be kept here now."""


def is_full(error: Exception) -> bool:
    """Tell whether a file could not be written as there is no room left, or no more of it for us."""
    if not isinstance(error, OSError):
        return False
    # The library of Delta tables keeps the number in its text alone.
    return error.errno in _FULL or any(f"(os error {number})" in str(error) for number in _FULL)
