"""File storage in a local directory."""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pyarrow import NativeFile, memory_map
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from service.errors import StorageFull
from service.storage.base import Storage, is_full

MIN_FREE_BYTES: Final = 2**20  # below it, the service is not ready
PRIVATE_MODE: Final = 0o700


class LocalStorage(Storage):
    """File storage in a local directory."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        super().__init__(str(self._root), SubTreeFileSystem(str(self._root), LocalFileSystem()))

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Raise StorageFull if a block fails because the disk is full."""
        try:
            yield
        except OSError as error:
            if is_full(error):
                raise StorageFull from error
            raise

    def open_mapped(self, path: str) -> NativeFile:
        return memory_map(self.at(path))

    def publish(self, directory: str, files: Mapping[str, bytes]) -> None:
        """Write a temporary directory, fsync and rename it, so that all files appear at once."""
        target = self._root / directory
        temporary = _temporary_path(target)
        with self.reached():
            temporary.mkdir(parents=True)
            for name, data in files.items():
                _write_and_sync(temporary / name, data)
            _fsync_directory(temporary)
            temporary.rename(target)
            _fsync_directory(target.parent)

    def replace(self, path: str, data: bytes) -> None:
        """Write a temporary file, fsync and rename it."""
        target = self._root / path
        temporary = _temporary_path(target)
        with self.reached():
            _write_and_sync(temporary, data)
            temporary.replace(target)
            _fsync_directory(target.parent)

    def names(self, directory: str) -> list[str]:
        """List the entries of a directory, including temporary ones of an interrupted `publish`.

        `.<name>-<random>`.
        """
        with suppress(FileNotFoundError):
            return [path.name for path in (self._root / directory).iterdir()]
        return []

    def remove(self, directory: str) -> None:
        with suppress(FileNotFoundError):
            shutil.rmtree(self._root / directory)

    def answers(self) -> bool:
        """Return whether the directory, or its nearest existing parent, is writable."""
        return os.access(_nearest_existing(self._root), os.W_OK)

    def has_free_space(self) -> bool:
        """Return whether the directory's disk has free space."""
        return has_free_space(self._root)


def make_private(directory: Path) -> None:
    """Create a directory that only this user can access, or restrict one that this user owns."""
    directory.mkdir(PRIVATE_MODE, parents=True, exist_ok=True)
    with suppress(OSError):  # another user owns it
        directory.chmod(PRIVATE_MODE)


def has_free_space(path: Path) -> bool:
    """Check the disk of a path, or of its nearest existing parent, for free space and inodes."""
    disk = os.statvfs(_nearest_existing(path))
    has_inodes = disk.f_favail > 0 or disk.f_files == 0  # some file systems do not count inodes
    return disk.f_bavail * disk.f_frsize >= MIN_FREE_BYTES and has_inodes


def _write_and_sync(path: Path, data: bytes) -> None:
    """Write a file and fsync it."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _temporary_path(target: Path) -> Path:
    return target.with_name(f".{target.name}-{secrets.token_hex(4)}")


def _nearest_existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _fsync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
