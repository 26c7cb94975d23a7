"""Files in an object store, reached by the library, and the credentials, that Delta tables are reached by."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import FileSelector, FileType, PyFileSystem

from service.storage.base import Storage, StorageUnavailable

# The library would try for three minutes; a client who is told to come back needs not wait as long.
PATIENCE: Final[dict[str, str]] = {"max_retries": "4", "retry_timeout": "15s", "connect_timeout": "3s"}


class ObjectStorage(Storage):
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
