"""File storage in an object store, with the client and the credentials of Delta tables."""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from typing import Any, Final

import pyarrow as pa
from deltalake.fs import DeltaStorageHandler
from pyarrow import NativeFile, memory_map
from pyarrow.fs import FileSelector, FileType, PyFileSystem

from service.storage.base import Storage, StorageUnavailable

# The client's default of three minutes is too long for a request, which responds 503 with
# `Retry-After` instead.
RETRY_OPTIONS: Final[dict[str, str]] = {
    "max_retries": "4",
    "retry_timeout": "15s",
    "connect_timeout": "3s",
}


class ObjectStorage(Storage):
    """File storage in an object store.

    Credentials come from the store's usual environment variables (`AWS_…`).
    """

    options = RETRY_OPTIONS

    def __init__(self, address: str) -> None:
        location = address.rstrip("/")
        super().__init__(location, PyFileSystem(_Handler(location, RETRY_OPTIONS)))

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Raise StorageUnavailable if a block fails, except for missing or existing files."""
        try:
            yield
        except (FileNotFoundError, FileExistsError):
            raise
        except OSError as error:
            raise StorageUnavailable from error

    def open_mapped(self, path: str) -> NativeFile:
        """Copy an object to a temporary file, and map that; the mapping outlives its name."""
        with NamedTemporaryFile() as copy, self.arrow.open_input_stream(path) as stream:
            shutil.copyfileobj(stream, copy)
            copy.flush()
            return memory_map(copy.name)

    def publish(self, directory: str, files: Mapping[str, bytes]) -> None:
        """Write the objects in order.

        Without an atomic rename, the last object marks the directory as complete.
        """
        *_, last = files
        with self.reached():
            if self.arrow.get_file_info(f"{directory}/{last}").type != FileType.NotFound:
                raise FileExistsError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
            for name, data in files.items():
                self.replace(f"{directory}/{name}", data)

    def replace(self, path: str, data: bytes) -> None:
        """Write an object, which becomes visible when it is complete."""
        with self.reached(), self.arrow.open_output_stream(path) as file:
            file.write(data)

    def names(self, directory: str) -> list[str]:
        """List the objects and prefixes in a directory."""
        with self.reached():
            entries = self.arrow.get_file_info(FileSelector(directory, allow_not_found=True))
        return [entry.base_name for entry in entries]

    def remove(self, directory: str) -> None:
        """Remove all objects below a path."""
        with self.reached():
            self.arrow.delete_dir(directory)

    def answers(self) -> bool:
        """Return whether the store can be reached."""
        try:
            with self.reached():
                self.arrow.get_file_info("readiness")
        except StorageUnavailable:
            return False
        return True


class _Handler(DeltaStorageHandler):
    """Arrow file system handler of the Delta client, with uploads of Arrow buffers."""

    def open_output_stream(
        self, path: str, metadata: dict[str, str] | None = None
    ) -> pa.PythonFile:
        """Open an object for writing; Arrow writes buffers, but the client accepts only bytes."""
        return pa.PythonFile(_Upload(self._handler.open_output_stream(path, metadata)), mode="w")


class _Upload:
    """File-like adapter that converts Arrow's buffers to bytes."""

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
