"""One JSON object for each line of the log; a request's id in every line, a customer's values in none."""

import logging
import sys
import traceback
from collections.abc import Mapping
from typing import Any

import structlog


def configure_logs(level: str) -> None:
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
    handler = logging.StreamHandler(sys.stderr)
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


def describe_error(error: BaseException) -> dict[str, Any]:
    """Say what kind of error came from where; its message stays out, as it may quote a customer's values."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "at": [f"{frame.name} ({frame.lineno})" for frame in frames[-8:]]}


def request_id() -> str:
    """Give the id of the request that is being answered."""
    return str(structlog.contextvars.get_contextvars().get("request_id", "-"))


def _without_values(_: object, __: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Describe a library's exception by its kind: its message may quote a customer's values."""
    exc_info = event.get("exc_info")
    error = exc_info[1] if isinstance(exc_info, tuple) else None
    kept = {name: value for name, value in event.items() if name != "exc_info"}
    return {**kept, **describe_error(error)} if error else kept
