"""Files in a directory of this machine."""

import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from service.files.place import Files


class Directory(Files):
    """A directory of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        super().__init__(str(self._root), SubTreeFileSystem(str(self._root), LocalFileSystem()))

    def publish(self, directory: str, files: Mapping[str, bytes]) -> None:
        """Write beside, sync, then rename: all files are there at once."""
        target = self._root / directory
        beside = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
        beside.mkdir(parents=True)
        for name, data in files.items():
            write_synced(beside / name, data)
        _sync(beside)
        beside.rename(target)
        _sync(target.parent)

    def replace(self, path: str, data: bytes) -> None:
        """Write beside, sync, then rename."""
        target = self._root / path
        beside = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
        write_synced(beside, data)
        beside.replace(target)
        _sync(target.parent)

    def names(self, directory: str) -> list[str]:
        """List also what a publishing that broke off has left: `.<name>-<random>`."""
        with suppress(FileNotFoundError):
            return [path.name for path in (self._root / directory).iterdir()]
        return []

    def remove(self, directory: str) -> None:
        """Remove a directory."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._root / directory)

    def answers(self) -> bool:
        """Tell whether the directory, or the nearest above it that is there, may be written to."""
        nearest = next(path for path in (self._root, *self._root.parents) if path.exists())
        return os.access(nearest, os.W_OK)


def write_synced(path: Path, data: bytes) -> None:
    """Write a file, and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
