"""Where files are kept: below a directory, or below an address in an object store."""

import errno
import os
import secrets
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem, PyFileSystem, SubTreeFileSystem

from service.errors import Unavailable

SCHEMES: Final = ("s3://", "az://", "abfs://", "abfss://", "gs://")
# The library would try for three minutes; a client who is told to come back needs not wait as long.
PATIENCE: Final[dict[str, str]] = {"max_retries": "4", "retry_timeout": "15s", "connect_timeout": "3s"}


class StorageUnavailable(Unavailable):
    """The store of tables or model files cannot be reached at the moment; try again shortly."""


class Files(ABC):
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

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether files can be kept here now."""


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


class Bucket(Files):
    """A place in an object store; who we are is in the environment, as its own tools want it (`AWS_…`)."""

    options = PATIENCE

    def __init__(self, address: str) -> None:
        location = address.rstrip("/")
        super().__init__(location, PyFileSystem(_Handler(location, PATIENCE)))

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Tell what is not there from a store that does not answer."""
        try:
            yield
        except (FileNotFoundError, FileExistsError):
            raise
        except OSError as error:
            raise StorageUnavailable from error

    def publish(self, directory: str, files: Mapping[str, bytes]) -> None:
        """Put one object after the other: object stores know no rename, so the last one makes the others count."""
        *_, last = files
        with self.reached():
            if self.arrow.get_file_info(f"{directory}/{last}").type != FileType.NotFound:
                raise FileExistsError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
            for name, data in files.items():
                self.replace(f"{directory}/{name}", data)

    def replace(self, path: str, data: bytes) -> None:
        """Put an object; object stores show it once it is whole."""
        with self.reached(), self.arrow.open_output_stream(path) as file:
            file.write(data)

    def names(self, directory: str) -> list[str]:
        """List objects and what is before the next slash."""
        with self.reached():
            return [
                found.base_name for found in self.arrow.get_file_info(FileSelector(directory, allow_not_found=True))
            ]

    def remove(self, directory: str) -> None:
        """Remove every object below a path."""
        with self.reached():
            self.arrow.delete_dir(directory)

    def answers(self) -> bool:
        """Tell whether the store answers us."""
        try:
            with self.reached():
                self.arrow.get_file_info("readiness")
        except StorageUnavailable:
            return False
        return True


def open_files(where: Path | str) -> Files:
    """Open a directory, or an address in an object store."""
    return Bucket(str(where)) if is_address(where) else Directory(Path(where))


def is_address(where: Path | str) -> bool:
    """Tell an address in an object store from a directory."""
    return isinstance(where, str) and where.startswith(SCHEMES)


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


class _Handler(DeltaStorageHandler):
    """Reaches objects by the library, and the credentials, that Delta tables are reached by."""

    def open_output_stream(self, path: str, metadata: dict[str, str] | None = None) -> pa.PythonFile:
        """Open an object for writing; Arrow hands over buffers, and the library takes nothing but bytes."""
        return pa.PythonFile(_Upload(self._handler.open_output_stream(path, metadata)), mode="w")


class _Upload:
    """An object that is being written, as Arrow wants a file to be."""

    closed = False

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - the library's own stream, without types
        self._stream = stream

    def write(self, data: pa.Buffer | bytes) -> int:
        return int(self._stream.write(bytes(data)))

    def tell(self) -> int:
        return int(self._stream.tell())

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._stream.close()
