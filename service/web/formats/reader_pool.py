"""Reader processes parse Arrow and Parquet bodies, so that a crash does not end the api."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from io import UnsupportedOperation
from os import SEEK_END
from pathlib import Path
from shutil import copyfileobj
from socket import socket, socketpair
from tempfile import TemporaryFile
from threading import BoundedSemaphore, Lock
from typing import BinaryIO, Final, Literal, Self

import pyarrow as pa
import structlog
from pyarrow import ipc

import service
from service.errors import FieldError, Unavailable
from service.web.formats import reader_messages
from service.web.formats.errors import TableLimits, UnreadableBody
from service.web.formats.raw_table import Reserve, unlimited, working_bytes
from service.web.formats.reader_messages import ReaderMessage

MAX_PROCESSES: Final = 2
MAX_SECONDS: Final = 120.0
START_SECONDS: Final = 60.0
# A smaller body or table is sent through the socket, a larger one as a file.
INLINE_BYTES: Final = 1 << 20
RAW_TYPES: Final = (pa.string(), pa.int64(), pa.float64())

# Settings and credentials stay behind. The rest is read by libraries as they are imported: large
# blocks go back to the system as soon as they are free, and a reader keeps to one thread.
_INHERITED: Final = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "TMPDIR", "TZ")
_ENVIRONMENT: Final = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

ColumnarFormat = Literal["arrow", "parquet"]

logger = structlog.get_logger()


class ReaderFailed(Exception):
    """A reader process came upon an error that is no fault of the body."""


class ReaderProcess:
    """One child process, which reads one body after the other."""

    def __init__(self) -> None:
        self._connection, theirs = socketpair()
        self._is_ready = False
        with theirs:
            descriptor = theirs.fileno()
            self._child = subprocess.Popen(  # noqa: S603 - the command is ours, no input reaches it
                [sys.executable, "-P", "-m", "service.reader_process", str(descriptor)],
                env=_environment(),
                stdin=subprocess.PIPE,  # closed by the kernel when we end: then it ends as well
                stdout=subprocess.DEVNULL,
                pass_fds=[descriptor],
                process_group=0,  # Ctrl-C is for us; we decide when a reader stops
            )

    @property
    def is_alive(self) -> bool:
        """Return whether the process can be asked to read a body."""
        return self._child.poll() is None

    def read(
        self, fmt: ColumnarFormat, file: BinaryIO, bounds: TableLimits, *, seconds: float
    ) -> pa.Table:
        """Return a body's raw table, not yet validated.

        Ends the process if it does not answer in time.
        """
        self._wait_until_ready()
        self._connection.settimeout(seconds)
        try:
            _send_body(self._connection, {"format": fmt, "bounds": asdict(bounds)}, file)
            answer = reader_messages.receive(self._connection)
        except TimeoutError:
            self.close()
            raise UnreadableBody(
                f"The body takes longer to read than the {seconds:g} seconds allowed"
            ) from None
        except ConnectionError:
            answer = None
        except BaseException:
            # The connection may be in the middle of a message; the next body is another caller's.
            self.close()
            raise
        if answer is None:
            raise self._ended()
        return _table_of(answer)

    def close(self) -> None:
        """Stop the process."""
        self._connection.close()
        self._child.kill()
        self._child.communicate()

    def _wait_until_ready(self) -> None:
        if self._is_ready:
            return
        self._connection.settimeout(START_SECONDS)
        try:
            self._is_ready = reader_messages.receive(self._connection) is not None
        except OSError:
            self._is_ready = False
        if not self._is_ready:
            self.close()
            raise Unavailable(
                "The process that reads Arrow and Parquet does not start; try again shortly"
            )

    def _ended(self) -> UnreadableBody:
        self._connection.close()
        self._child.communicate()
        logger.warning("a body ended its reader process", exit_code=self._child.returncode)
        return UnreadableBody(
            "The body ended the process that read it: it is damaged, or takes more memory than the "
            "service allows"
        )


class ReaderPool:
    """Reads Arrow and Parquet bodies, at most `max_processes` at once.

    The first one starts the first process.
    """

    def __init__(self, *, max_processes: int = MAX_PROCESSES, seconds: float = MAX_SECONDS) -> None:
        self._seconds = seconds
        self._free = BoundedSemaphore(max_processes)
        self._lock = Lock()
        self._idle: list[ReaderProcess] = []
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(
        self,
        fmt: ColumnarFormat,
        file: BinaryIO,
        bounds: TableLimits,
        reserve: Reserve = unlimited,
    ) -> pa.Table:
        """Return the raw table of a body: columns of text, int64 or float64.

        `reserve` is called with the memory that the table takes, before its cells are touched.
        """
        table = self._decode(fmt, file, bounds)
        reserve(working_bytes(table))
        table.validate(full=True)
        return table

    def _decode(self, fmt: ColumnarFormat, file: BinaryIO, bounds: TableLimits) -> pa.Table:
        if not self._free.acquire(timeout=self._seconds):
            raise Unavailable("Too many Arrow and Parquet bodies are being read; try again shortly")
        try:
            process = self._take()
            try:
                return process.read(fmt, file, bounds, seconds=self._seconds)
            finally:
                self._put_back(process)
        finally:
            self._free.release()

    def close(self) -> None:
        """Stop the processes; a busy one stops after its answer."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for process in idle:
            process.close()

    def _take(self) -> ReaderProcess:
        while True:
            with self._lock:
                process = self._idle.pop() if self._idle else None
            if process is None:
                return ReaderProcess()
            if process.is_alive:
                return process
            process.close()

    def _put_back(self, process: ReaderProcess) -> None:
        """Keep a process for the next body; replace one that has ended."""
        with self._lock:
            if not self._is_closed:
                self._idle.append(process if process.is_alive else ReaderProcess())
                return
        process.close()


def _environment() -> Mapping[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    path = os.pathsep.join(
        filter(None, (str(Path(service.__path__[0]).parent), inherited.get("PYTHONPATH")))
    )
    return {**inherited, **_ENVIRONMENT, "PYTHONPATH": path}


def _send_body(connection: socket, header: Mapping[str, object], file: BinaryIO) -> None:
    size = file.seek(0, SEEK_END)
    file.seek(0)
    if size <= INLINE_BYTES:
        reader_messages.send(connection, header, file.read())
        return
    try:
        file.fileno()
    except UnsupportedOperation:
        with TemporaryFile() as copy:
            copyfileobj(file, copy)
            copy.flush()
            reader_messages.send(connection, header, file=copy)
    else:
        file.flush()
        reader_messages.send(connection, header, file=file)


def _table_of(answer: ReaderMessage) -> pa.Table:
    header = answer.header
    if "refused" in header:
        raise UnreadableBody(
            header["refused"], errors=[FieldError(**error) for error in header["errors"]]
        )
    if "errno" in header:
        raise OSError(header["errno"], os.strerror(header["errno"]))
    if "failed" in header:
        raise ReaderFailed(header["failed"])
    table = ipc.open_stream(pa.BufferReader(answer.body())).read_all()
    # The process has parsed untrusted bytes, which may have taken it over.
    if not all(kind in RAW_TYPES for kind in table.schema.types):
        raise ReaderFailed("a reader process answered with columns of other types")
    table.validate()
    return table
