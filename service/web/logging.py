"""Structured logging: a JSON object per line, with the request id, without customers' values."""

import asyncio
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime
from pathlib import Path
from select import PIPE_BUF
from typing import Any, TextIO

import msgspec
import structlog
from msgspec import UNSET, UnsetType

_encode = msgspec.json.Encoder().encode
logger = structlog.get_logger()


class AccessLogEntry(msgspec.Struct, gc=False):
    """Access log entry of a request.

    `tenant` and `key` are set once the caller is authenticated.
    """

    method: str
    route: str
    status: int
    ms: float
    request_id: str
    timestamp: datetime
    tenant: str | UnsetType = UNSET
    key: str | UnsetType | None = UNSET
    event: str = "request"
    level: str = "info"
    pid: int = msgspec.field(default_factory=os.getpid)


class BatchingJsonHandler(logging.StreamHandler[Any]):
    """Logging handler that writes access log entries, the most frequent, in batches.

    The entries of one iteration of the event loop are written together, at its end or before the
    next record.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lines: list[bytes] = []

    def write_entry(self, entry: AccessLogEntry) -> None:
        """Queue an entry for the next flush."""
        self._lines.append(_encode(entry))
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_soon(self.flush)

    def emit(self, record: logging.LogRecord) -> None:
        """Flush queued entries, then write a record."""
        self.flush()
        super().emit(record)

    def flush(self) -> None:
        """Write queued entries.

        Errors of the stream are ignored, so that requests go on without a log.
        """
        with self.lock or nullcontext(), suppress(OSError, ValueError):
            lines, self._lines = self._lines, []
            for text in _join_lines(lines):
                self.stream.write(text.decode())
            super().flush()


def configure_logging(level: str) -> None:
    """Write all log lines, including those of libraries, as JSON to the standard error stream."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_pid,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = BatchingJsonHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _without_values],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        ),
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for own in (
        "distributed",
        "distributed.client",
        "distributed.gc",
        "tornado",
        "tornado.application",
    ):
        logging.getLogger(own).handlers.clear()  # Dask adds handlers that write plain text
        logging.getLogger(own).propagate = True
    warnings.showwarning = _log_warning


def log_request(entry: AccessLogEntry) -> None:
    """Write an access log entry."""
    root = logging.getLogger()
    handlers = [handler for handler in root.handlers if isinstance(handler, BatchingJsonHandler)]
    if not handlers:
        fields = msgspec.to_builtins(entry)
        logger.info(fields.pop("event"), **fields)
    elif root.isEnabledFor(logging.INFO):
        for handler in handlers:
            handler.write_entry(entry)


def summarize_exception(error: BaseException) -> dict[str, Any]:
    """Return an error's type and traceback without its message, which may quote a customer."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "at": [f"{frame.name} ({frame.lineno})" for frame in frames[-8:]],
    }


def request_id() -> str:
    """Return the id of the current request; `-` outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", "-"))


def _join_lines(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Join lines to texts that a pipe accepts atomically, so that processes may share it."""
    text = b""
    for line in lines:
        if text and len(text) + len(line) >= PIPE_BUF:
            yield text
            text = b""
        text += line + b"\n"
    if text:
        yield text


def _add_pid(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["pid"] = os.getpid()
    return event


def _log_warning(  # noqa: PLR0913, PLR0917 - the signature of warnings.showwarning
    message: Warning | str,  # noqa: ARG001 - as above
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - as above
    line: str | None = None,  # noqa: ARG001 - as above
) -> None:
    """Log a warning's category and location without its message, which may quote a customer."""
    logger.warning("warning", kind=category.__name__, at=f"{Path(filename).name} ({lineno})")


def _without_values(_: object, __: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Replace the exception of a library's log record by its type and traceback."""
    exc_info = event.get("exc_info")
    error = exc_info[1] if isinstance(exc_info, tuple) else None
    kept = {name: value for name, value in event.items() if name != "exc_info"}
    return {**kept, **summarize_exception(error)} if error else kept
