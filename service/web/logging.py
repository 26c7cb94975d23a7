"""One JSON object for each line of the log; a request's id in every line, a customer's values in none."""

import asyncio
import logging
import sys
import traceback
import warnings
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import msgspec
import structlog
from msgspec import UNSET, UnsetType

_encode = msgspec.json.Encoder().encode
logger = structlog.get_logger()


class AccessLogEntry(msgspec.Struct, gc=False):
    """The line of a request; of who asks, what was found out."""

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


class BatchingJsonHandler(logging.StreamHandler[Any]):
    """Writes the log; the line of a request, which most of them are, without the detour of a record.

    The lines of one turn of the event loop are written together at its end, or ahead of the next record.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lines: list[bytes] = []

    def write_line(self, line: AccessLogEntry) -> None:
        """Write one line, soon."""
        self._lines.append(_encode(line))
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_soon(self.flush)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record after the lines that came before it."""
        self.flush()
        super().emit(record)

    def flush(self) -> None:
        """Write what waits; where it cannot be written, the requests that it is about go on."""
        with self.lock or nullcontext(), suppress(OSError, ValueError):
            lines, self._lines = self._lines, []
            if lines:
                self.stream.write(b"\n".join([*lines, b""]).decode())
            super().flush()


def configure_logging(level: str) -> None:
    """Write every line, also those of libraries, as one JSON object to the standard error stream."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
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
    for own in ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application"):
        logging.getLogger(own).handlers.clear()  # Dask gave them some that write plain text
        logging.getLogger(own).propagate = True
    warnings.showwarning = _log_warning


def log_request(line: AccessLogEntry) -> None:
    """Write the line of a request."""
    root = logging.getLogger()
    lines = [handler for handler in root.handlers if isinstance(handler, BatchingJsonHandler)]
    if not lines:
        said = msgspec.to_builtins(line)
        logger.info(said.pop("event"), **said)
    elif root.isEnabledFor(logging.INFO):
        for handler in lines:
            handler.write_line(line)


def summarize_exception(error: BaseException) -> dict[str, Any]:
    """Say what kind of error came from where; its message stays out, as it may quote a customer's values."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "at": [f"{frame.name} ({frame.lineno})" for frame in frames[-8:]]}


def request_id() -> str:
    """Give the id of the request that is being answered."""
    return str(structlog.contextvars.get_contextvars().get("request_id", "-"))


def _log_warning(  # noqa: PLR0913, PLR0917 - as Python calls it
    message: Warning | str,  # noqa: ARG001 - Python gives it
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - as above
    line: str | None = None,  # noqa: ARG001 - as above
) -> None:
    """Say what kind of warning came from where; its message stays out, as an error's does."""
    logger.warning("warning", kind=category.__name__, at=f"{Path(filename).name} ({lineno})")


def _without_values(_: object, __: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Describe a library's exception by its kind: its message may quote a customer's values."""
    exc_info = event.get("exc_info")
    error = exc_info[1] if isinstance(exc_info, tuple) else None
    kept = {name: value for name, value in event.items() if name != "exc_info"}
    return {**kept, **summarize_exception(error)} if error else kept
