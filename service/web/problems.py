"""Problem details (`application/problem+json`, RFC 9457): status, type and title of every error."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from pydantic import BaseModel, Field

from models.errors import ArtifactFromAnotherRelease, BadCells, SegmentationError
from service.errors import FieldError, ServiceError, StorageFull
from service.storage import is_full

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 100
MAX_TEXT_LENGTH = 300
MAX_DETAIL_LENGTH = 1_000
MAX_ERRORS_LENGTH = 12_000

# models/ knows no HTTP: its errors are invalid input, unless they are listed here.
MODEL_STATUSES: Mapping[type[Exception], HTTPStatus] = {
    ArtifactFromAnotherRelease: HTTPStatus.CONFLICT,
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
    status = status_of(type(error))
    if status is None:
        return _internal()
    return _problem_of_kind(type(error), status, str(error)) | _error_members(_errors_of(error))


def http_problem(status: HTTPStatus, detail: str | None = None) -> dict[str, Any]:
    """Build the problem of a plain HTTP status."""
    return _problem(status.phrase.lower().replace(" ", "-"), f"{status.phrase}.", status, detail)


def known_problems() -> list[ProblemDetails]:
    """List all problem types: one per imported error class with a status, and the plain ones."""
    kinds = [*subclasses(ServiceError), *subclasses(SegmentationError)]
    typed = [
        _problem_of_kind(kind, status) for kind in kinds if (status := status_of(kind)) is not None
    ]
    problems = [*typed, *(http_problem(status) for status in HTTP_STATUSES), _internal()]
    problems.sort(key=lambda problem: (problem["status"], problem["type"]))
    return [ProblemDetails(**problem) for problem in problems]


def status_of(kind: type[Exception]) -> HTTPStatus | None:
    """Return the HTTP status of a class of errors; None for an internal error."""
    if issubclass(kind, ServiceError):
        return kind.status
    if issubclass(kind, SegmentationError) and kind is not SegmentationError:
        return MODEL_STATUSES.get(kind, HTTPStatus.UNPROCESSABLE_ENTITY)
    return None


def subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    """Yield the direct and indirect subclasses of a class."""
    for subclass in kind.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


def _problem_of_kind(
    kind: type[Exception], status: HTTPStatus, detail: str | None = None
) -> dict[str, Any]:
    slug = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()
    title = (getdoc(kind) or kind.__name__).split("\n\n")[0].replace("\n", " ")
    return _problem(slug, title, status, detail)


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
