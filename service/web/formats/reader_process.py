"""Inside a reader process: bodies in, raw tables out, within a limit of memory."""

import ctypes
import resource
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from mmap import PAGESIZE
from pathlib import Path
from socket import socket
from tempfile import TemporaryFile
from typing import Final

import pyarrow as pa
from pyarrow import ipc

from service.engine.supervisor import kill_when_pipe_closes
from service.web.formats import reader_messages
from service.web.formats.arrow import read_arrow
from service.web.formats.errors import TableLimits, UnreadableBody
from service.web.formats.parquet import read_parquet
from service.web.formats.reader_messages import ReaderMessage
from service.web.formats.reader_pool import INLINE_BYTES

READERS: Final[Mapping[str, Callable[[pa.Buffer, TableLimits], pa.Table]]] = {
    "arrow": read_arrow,
    "parquet": read_parquet,
}
# Beside the table itself: pages, batches and a column on their way to it.
WORKING_BYTES: Final = 256 << 20
STDIN: Final = 0
TOO_MUCH_MEMORY: Final = "The table takes more memory to be read than the service allows"
_MEMORY: Final = Path("/proc/self/statm")
_DATA: Final = 5  # the position of private writable memory in it


def serve(descriptor: int) -> None:
    """Parse the bodies that arrive at a socket, one after the other, until the api closes it."""
    kill_when_pipe_closes(STDIN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold customers
    n_own_bytes = (
        int(_MEMORY.read_text().split()[_DATA]) * PAGESIZE if sys.platform == "linux" else 0
    )
    with socket(fileno=descriptor) as connection:
        reader_messages.send(connection, {})
        while request := reader_messages.receive(connection):
            limit_memory(n_own_bytes + int(request.header["bounds"]["n_bytes"]) + WORKING_BYTES)
            _handle_request(connection, request)
            if request.file is not None:
                _trim_memory()


def limit_memory(n_bytes: int) -> None:
    """Limit the private memory of this process (RLIMIT_DATA; on Linux)."""
    if sys.platform == "linux":
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limits = [n_bytes, sys.maxsize] if hard == resource.RLIM_INFINITY else [n_bytes, hard]
        resource.setrlimit(resource.RLIMIT_DATA, (min(limits), hard))


def _trim_memory() -> None:
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # of the GNU C library alone
        libc.malloc_trim(0)


def _handle_request(connection: socket, request: ReaderMessage) -> None:
    try:
        table = READERS[request.header["format"]](
            request.body(), TableLimits(**request.header["bounds"])
        )
        _send_table(connection, table)
    except UnreadableBody as refusal:
        errors = [asdict(error) for error in refusal.errors]
        reader_messages.send(connection, {"refused": str(refusal), "errors": errors})
    except MemoryError:
        reader_messages.send(connection, {"refused": TOO_MUCH_MEMORY, "errors": []})
    except OSError as error:
        reader_messages.send(connection, {"errno": error.errno})
    except Exception as error:  # noqa: BLE001 - the api tells of it; its message stays here, as it may quote a value
        frame = traceback.extract_tb(error.__traceback__)[-1]
        failed = f"{type(error).__name__} in {frame.name} ({frame.lineno})"
        reader_messages.send(connection, {"failed": failed})


def _send_table(connection: socket, table: pa.Table) -> None:
    if table.nbytes <= INLINE_BYTES:
        sink = pa.BufferOutputStream()
        _write(table, sink)
        reader_messages.send(connection, {}, sink.getvalue())
        return
    with TemporaryFile() as file:
        _write(table, pa.PythonFile(file, mode="w"))
        file.flush()
        reader_messages.send(connection, {}, file=file)


def _write(table: pa.Table, sink: pa.NativeFile) -> None:
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
