"""Errors of the service; the docstring of each is the title of its problem."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from inspect import getdoc
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """One fault in a request: its location and a description, never the value itself."""

    detail: str
    pointer: str | None = None
    row: int | None = None
    customer_id: str | None = None


class ServiceError(Exception):
    """The service cannot carry out the request.

    A subclass is a problem type: `status` is its HTTP status (inherited from its base class), its
    name becomes the URL and its docstring the title. Without a status it is an internal error.
    """

    status: ClassVar[HTTPStatus | None] = None

    def __init__(self, detail: str | None = None, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail or getdoc(type(self)))
        self.errors = tuple(errors)


class KeyNeeded(ServiceError):
    """A valid key is needed: send it as `Authorization: Bearer` or as `X-API-Key`."""

    status = HTTPStatus.UNAUTHORIZED


class Forbidden(ServiceError):
    """The service does not answer this client."""

    status = HTTPStatus.FORBIDDEN


class ScopeMissing(Forbidden):
    """The key does not allow this."""


class NotFound(ServiceError):
    """There is nothing under this name."""

    status = HTTPStatus.NOT_FOUND


class AlreadyExists(ServiceError):
    """The name is taken."""

    status = HTTPStatus.CONFLICT


class Conflict(ServiceError):
    """The request contradicts the present state."""

    status = HTTPStatus.CONFLICT


class ChangedMeanwhile(ServiceError):
    """The resource has changed since you read it: its `ETag` does not match `If-Match`."""

    status = HTTPStatus.PRECONDITION_FAILED


class StillRunning(Conflict):
    """The first request with this idempotency key is still running; send it again later."""


class AnswerForgotten(Conflict):
    """The request was carried out; its answer was deleted with an erased customer."""


class NoTree(Conflict):
    """The version keeps no tree: it is not hierarchical, or it was made before trees were kept."""


class Incomparable(Conflict):
    """The two versions cannot assign the same customers, so they cannot be compared."""


class DatasetDeleted(Conflict):
    """The dataset was deleted while it was being written to."""


class InvalidRequest(ServiceError):
    """The request is not valid; `errors` names each fault."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class IdempotencyKeyReused(InvalidRequest):
    """The idempotency key was used for another request before; use a new key for each request."""


class TooManyJobs(ServiceError):
    """There are more unfinished jobs than may wait; try again later."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class TooManyRequests(ServiceError):
    """The key has sent more requests than it may; try again later."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class TooManyFollowers(ServiceError):
    """Too many requests follow jobs; ask for the job itself, or try again later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class TableGone(ServiceError):
    """The table, or this version of it, is no longer there."""

    status = HTTPStatus.GONE


class VersionGone(ServiceError):
    """The version of the dataset is not kept; use another one."""

    status = HTTPStatus.GONE


class CursorExpired(ServiceError):
    """The changes since this cursor are no longer kept; read everything again."""

    status = HTTPStatus.GONE


class TableBusy(ServiceError):
    """Others are writing to this table at the moment; try again shortly."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class TableChangedElsewhere(ServiceError):
    """Another program has deleted rows of this table in a way that the service does not read."""

    status = HTTPStatus.CONFLICT


class StorageFull(ServiceError):
    """The disk of the service is full; nothing was changed. Free some space on it."""

    status = HTTPStatus.INSUFFICIENT_STORAGE


class WorkerLost(ServiceError):
    """The job ended its worker at each attempt; it may need more memory than a worker has."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


class MemoryBusy(ServiceError):
    """The service is reading as much as its memory allows; try again shortly."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class Unavailable(ServiceError):
    """A part that the service needs is not there at the moment; try again shortly."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


def pointer(path: Sequence[str | int]) -> str:
    """Return the JSON pointer (RFC 6901) of a location in a document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
