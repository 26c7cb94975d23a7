"""Problem details (`application/problem+json`, RFC 9457): status, type and title of every error."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from pydantic import BaseModel, Field

from models.columns import BadCells, DuplicateCustomers, MissingCustomerId, UnknownColumn
from models.errors import (
    ArtifactFromAnotherRelease,
    CutTooFine,
    NothingToLearnFrom,
    TooFewCustomers,
    TooFewToChoose,
    TooManyCustomers,
    UnclearCut,
    UnusableColumn,
    ValueOutOfRange,
)
from models.transactions import ReferenceTooEarly, UnclearRecipe
from service.engine.client import EngineUnavailable
from service.errors import (
    AlreadyExists,
    AnswerForgotten,
    ChangedMeanwhile,
    Conflict,
    DatasetDeleted,
    FieldError,
    Forbidden,
    IdempotencyKeyReused,
    Incomparable,
    InvalidRequest,
    KeyNeeded,
    MemoryBusy,
    NotFound,
    NoTree,
    ScopeMissing,
    ServiceError,
    StillRunning,
    StorageFull,
    TableBusy,
    TableChangedElsewhere,
    TableGone,
    TooManyFollowers,
    TooManyJobs,
    TooManyRequests,
    Unavailable,
    WorkerLost,
)
from service.signing_keys import WeakKey
from service.storage import StorageUnavailable, is_full
from service.stores.artifacts import ArtifactDamaged
from service.stores.database import DatabaseUnavailable
from service.web.body_limits import BodyTooLarge, RequestTooSlow
from service.web.formats import UnreadableBody, UnsupportedFormat
from service.web.formats.writers import NotAcceptable

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 100
MAX_TEXT_LENGTH = 300
MAX_DETAIL_LENGTH = 1_000
MAX_ERRORS_LENGTH = 12_000

STATUSES: Mapping[type[Exception], HTTPStatus] = {
    InvalidRequest: HTTPStatus.UNPROCESSABLE_ENTITY,
    IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnreadableBody: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownColumn: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadCells: HTTPStatus.UNPROCESSABLE_ENTITY,
    MissingCustomerId: HTTPStatus.UNPROCESSABLE_ENTITY,
    DuplicateCustomers: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnclearRecipe: HTTPStatus.UNPROCESSABLE_ENTITY,
    ReferenceTooEarly: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooFewCustomers: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooFewToChoose: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooManyCustomers: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnclearCut: HTTPStatus.UNPROCESSABLE_ENTITY,
    CutTooFine: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnusableColumn: HTTPStatus.UNPROCESSABLE_ENTITY,
    ValueOutOfRange: HTTPStatus.UNPROCESSABLE_ENTITY,
    NothingToLearnFrom: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    RequestTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedFormat: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    KeyNeeded: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    ScopeMissing: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    AlreadyExists: HTTPStatus.CONFLICT,
    Conflict: HTTPStatus.CONFLICT,
    StillRunning: HTTPStatus.CONFLICT,
    AnswerForgotten: HTTPStatus.CONFLICT,
    NoTree: HTTPStatus.CONFLICT,
    Incomparable: HTTPStatus.CONFLICT,
    DatasetDeleted: HTTPStatus.CONFLICT,
    ArtifactFromAnotherRelease: HTTPStatus.CONFLICT,
    TableChangedElsewhere: HTTPStatus.CONFLICT,
    TableGone: HTTPStatus.GONE,
    ChangedMeanwhile: HTTPStatus.PRECONDITION_FAILED,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    TooManyJobs: HTTPStatus.TOO_MANY_REQUESTS,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    ArtifactDamaged: HTTPStatus.INTERNAL_SERVER_ERROR,
    WeakKey: HTTPStatus.INTERNAL_SERVER_ERROR,
    WorkerLost: HTTPStatus.INTERNAL_SERVER_ERROR,
    TooManyFollowers: HTTPStatus.SERVICE_UNAVAILABLE,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    EngineUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    TableBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    MemoryBusy: HTTPStatus.SERVICE_UNAVAILABLE,
}
# Refused by the server or the router, before a route runs.
HTTP_STATUSES = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.NOT_IMPLEMENTED,
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
)
INTERNAL_SLUG = "internal-error"


class Fault(BaseModel):
    """An invalid part of the request: its location and the reason."""

    pointer: str | None = Field(
        default=None, description="JSON pointer into the body; indices start at 0."
    )
    row: int | None = Field(default=None, description="The data row; rows start at 1.")
    customer_id: str | None = None
    detail: str


class ProblemDetails(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(
        examples=["/problems/not-found"],
        description="URI reference that identifies and documents the problem type.",
    )
    title: str = Field(examples=["There is nothing under this name."])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no dataset called shop"])
    instance: str | None = Field(default=None, description="The request id, as in the logs.")
    errors: list[Fault] | None = Field(default=None, description=f"The first {MAX_ERRORS} errors.")
    n_errors: int | None = Field(default=None, description="The total number of errors.")


def to_problem(error: Exception) -> dict[str, Any]:
    """Convert an error to a problem.

    An unexpected error becomes an internal error without details.
    """
    if is_full(error):
        error = StorageFull()
    kind = next((kind for kind in type(error).__mro__ if kind in STATUSES), None)
    if kind is None:
        return _internal()
    return _problem_of_kind(kind, str(error)) | _error_members(_errors_of(error))


def http_problem(status: HTTPStatus, detail: str | None = None) -> dict[str, Any]:
    """Build the problem of a plain HTTP status."""
    return _problem(status.phrase.lower().replace(" ", "-"), f"{status.phrase}.", status, detail)


def known_problems() -> list[ProblemDetails]:
    """List all problem types."""
    ours = [_problem_of_kind(kind) for kind in STATUSES]
    every = [*ours, *(http_problem(status) for status in HTTP_STATUSES), _internal()]
    return [ProblemDetails(**problem) for problem in every]


def _problem_of_kind(kind: type[Exception], detail: str | None = None) -> dict[str, Any]:
    return _problem(_slug(kind), _title(kind), STATUSES[kind], detail)


def _internal() -> dict[str, Any]:
    return _problem(
        INTERNAL_SLUG, "An unexpected error occurred.", HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _problem(
    slug: str, title: str, status: HTTPStatus, detail: str | None = None
) -> dict[str, Any]:
    return {
        "type": f"/problems/{slug}",
        "title": title,
        "status": int(status),
        "detail": _truncate(detail or title, MAX_DETAIL_LENGTH),
    }


def _errors_of(error: Exception) -> Sequence[FieldError]:
    if isinstance(error, BadCells):
        return [
            FieldError(row=cell.row, detail=f"{cell.column}: {cell.detail}") for cell in error.cells
        ]
    return error.errors if isinstance(error, ServiceError) else ()


def _error_members(errors: Sequence[FieldError]) -> dict[str, Any]:
    if not errors:
        return {}
    faults: list[dict[str, Any]] = []
    remaining = MAX_ERRORS_LENGTH
    for error in errors[:MAX_ERRORS]:
        fault = {name: value for name, value in asdict(error).items() if value is not None}
        fault |= {name: _truncate(fault[name]) for name in ("detail", "pointer") if name in fault}
        remaining -= len(json.dumps(fault))
        if remaining < 0:
            break
        faults.append(fault)
    return {"errors": faults, "n_errors": len(errors)}


def _truncate(text: str, max_length: int = MAX_TEXT_LENGTH) -> str:
    return text[:max_length].encode(errors="replace").decode()


def _slug(kind: type[Exception]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


def _title(kind: type[Exception]) -> str:
    return (getdoc(kind) or kind.__name__).split("\n\n")[0].replace("\n", " ")
