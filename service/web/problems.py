"""Every refusal as `application/problem+json` (RFC 9457), from one table."""

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
MOST_ERRORS = 100
LONGEST_TEXT = 300
LONGEST_DETAIL = 1_000
ROOM_FOR_ERRORS = 12_000

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
# What HTTP itself refuses, before any of our code is asked.
PLAIN = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.NOT_IMPLEMENTED,
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
)
INTERNAL = "internal-error"


class Fault(BaseModel):
    """One fault: where it is, and what is wrong with it."""

    pointer: str | None = Field(default=None, description="JSON pointer into the body, counting from 0.")
    row: int | None = Field(default=None, description="The data row, counting from 1.")
    customer_id: str | None = None
    detail: str


class ProblemDetails(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(examples=["/problems/not-found"], description="Where this kind of problem is documented.")
    title: str = Field(examples=["There is nothing under this name."])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no dataset called shop"])
    instance: str | None = Field(default=None, description="The request's id, as in the logs.")
    errors: list[Fault] | None = Field(default=None, description=f"The first {MOST_ERRORS} faults.")
    n_errors: int | None = Field(default=None, description="How many faults there are in all.")


def to_problem(error: Exception) -> dict[str, Any]:
    """Say in a problem's words why something could not be done; an unforeseen error tells nothing of itself."""
    if is_full(error):
        error = StorageFull()
    kind = next((kind for kind in type(error).__mro__ if kind in STATUSES), None)
    if kind is None:
        return _internal()
    return _problem_of_kind(kind, str(error)) | _faults(_errors_of(error))


def http_problem(status: HTTPStatus, detail: str | None = None) -> dict[str, Any]:
    """Say what HTTP itself refuses."""
    return _problem(status.phrase.lower().replace(" ", "-"), f"{status.phrase}.", status, detail)


def known_problems() -> list[ProblemDetails]:
    """Give every kind of problem that the service answers with."""
    ours = [_problem_of_kind(kind) for kind in STATUSES]
    every = [*ours, *(http_problem(status) for status in PLAIN), _internal()]
    return [ProblemDetails(**problem) for problem in every]


def _problem_of_kind(kind: type[Exception], detail: str | None = None) -> dict[str, Any]:
    return _problem(_slug(kind), _title(kind), STATUSES[kind], detail)


def _internal() -> dict[str, Any]:
    return _problem(INTERNAL, "Something unforeseen happened.", HTTPStatus.INTERNAL_SERVER_ERROR)


def _problem(slug: str, title: str, status: HTTPStatus, detail: str | None = None) -> dict[str, Any]:
    return {
        "type": f"/problems/{slug}",
        "title": title,
        "status": int(status),
        "detail": _truncate(detail or title, LONGEST_DETAIL),
    }


def _errors_of(error: Exception) -> Sequence[FieldError]:
    if isinstance(error, BadCells):
        return [FieldError(row=cell.row, detail=f"{cell.column}: {cell.detail}") for cell in error.cells]
    return error.errors if isinstance(error, ServiceError) else ()


def _faults(errors: Sequence[FieldError]) -> dict[str, Any]:
    if not errors:
        return {}
    faults: list[dict[str, Any]] = []
    room = ROOM_FOR_ERRORS
    for error in errors[:MOST_ERRORS]:
        fault = {name: value for name, value in asdict(error).items() if value is not None}
        fault |= {name: _truncate(fault[name]) for name in ("detail", "pointer") if name in fault}
        room -= len(json.dumps(fault))
        if room < 0:
            break
        faults.append(fault)
    return {"errors": faults, "n_errors": len(errors)}


def _truncate(text: str, longest: int = LONGEST_TEXT) -> str:
    return text[:longest].encode(errors="replace").decode()


def _slug(kind: type[Exception]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


def _title(kind: type[Exception]) -> str:
    return (getdoc(kind) or kind.__name__).split("\n\n")[0].replace("\n", " ")
