"""Files in a directory of this machine."""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from service.errors import StorageFull
from service.storage.base import Storage, is_full

ROOM: Final = 2**20  # bytes that must be free before the service says that it is ready
OURS_ALONE: Final = 0o700


class LocalStorage(Storage):
    """A directory of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        super().__init__(str(self._root), SubTreeFileSystem(str(self._root), LocalFileSystem()))

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Tell a disk that is full from whatever else may go wrong."""
        try:
            yield
        except OSError as error:
            if is_full(error):
                raise StorageFull from error
            raise

    def publish(self, directory: str, files: Mapping[str, bytes]) -> None:
        """Write beside, sync, then rename: all files are there at once."""
        target = self._root / directory
        beside = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
        with self.reached():
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
        with self.reached():
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
        return os.access(_nearest(self._root), os.W_OK)

    def has_room(self) -> bool:
        """Tell whether there is room for more on the directory's disk."""
        return has_room(self._root)


def make_private(directory: Path) -> None:
    """Make a directory that nobody else of this machine can look into, or make an old one so if it is ours."""
    directory.mkdir(OURS_ALONE, parents=True, exist_ok=True)
    with suppress(OSError):  # whoever owns it has decided
        directory.chmod(OURS_ALONE)


def has_room(path: Path) -> bool:
    """Tell whether there is room for more on the disk of a path, or of the nearest above it that is there."""
    disk = os.statvfs(_nearest(path))
    has_files = disk.f_favail > 0 or disk.f_files == 0  # some kinds of disk do not count them
    return disk.f_bavail * disk.f_frsize >= ROOM and has_files


def write_synced(path: Path, data: bytes) -> None:
    """Write a file, and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _nearest(path: Path) -> Path:
    return next(above for above in (path, *path.parents) if above.exists())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
