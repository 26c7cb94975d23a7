"""FastAPI dependencies for requests with an `Idempotency-Key`."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, BinaryIO, TypeVar

from fastapi import Depends, Header, Request
from pydantic import BaseModel

from service.idempotency import operations
from service.idempotency.operations import KeyedRequest
from service.stores.database import Database, Session
from service.web.dependencies import DatabaseDep, TenantDep
from service.web.uploads import UploadDep

Result = TypeVar("Result")
Answer = TypeVar("Answer", bound=BaseModel)
Keep = Callable[[Session, Result], None]

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A unique value that you choose for each request. A request repeated with the "
        "same key and body "
        "within 24 hours is not executed again; it returns the response of the first.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class IdempotentRequest:
    """Executes a request once; returns the stored response if it is repeated."""

    database: Database
    sent: KeyedRequest | None

    def respond(
        self,
        act: Callable[[Keep[Result]], Result],
        show: Callable[[Result], Answer],
        as_: type[Answer],
    ) -> Answer:
        """Return `show(act(keep))`, or the stored response of an earlier request.

        `act` must call `keep` with its session and result, which stores the response in the same
        transaction.
        """
        if self.sent is None:
            return show(act(_keep_nothing))
        row_or_response = operations.begin_request(self.database, self.sent)
        if isinstance(row_or_response, bytes):
            return as_.model_validate_json(row_or_response)
        try:
            return show(
                act(
                    lambda session, result: operations.complete_request(
                        session, row_or_response, _encode_response(show(result))
                    )
                )
            )
        except BaseException:
            operations.abort_request(self.database, self.sent)
            raise


async def _keyed_request(
    request: Request, tenant: TenantDep, idempotency_key: IdempotencyKey = None
) -> KeyedRequest | None:
    if idempotency_key is None:
        return None
    digest = hashlib.sha256(await request.body())
    return KeyedRequest(
        tenant=tenant, key=idempotency_key, fingerprint=_fingerprint(request, digest.hexdigest())
    )


def _idempotent_request(
    request: Request,
    database: DatabaseDep,
    tenant: TenantDep,
    body: UploadDep,
    idempotency_key: IdempotencyKey = None,
) -> IdempotentRequest:
    if idempotency_key is None:
        return IdempotentRequest(database=database, sent=None)
    fingerprint = _fingerprint(request, _hash_file(body.file))
    return IdempotentRequest(
        database=database,
        sent=KeyedRequest(tenant=tenant, key=idempotency_key, fingerprint=fingerprint),
    )


# SentDep is for small JSON bodies, IdempotencyDep for tables.
SentDep = Annotated[KeyedRequest | None, Depends(_keyed_request)]
IdempotencyDep = Annotated[IdempotentRequest, Depends(_idempotent_request)]


def _hash_file(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _fingerprint(request: Request, digest: str) -> str:
    query = "&".join(
        sorted(f"{name}={value}" for name, value in request.query_params.multi_items())
    )
    return hashlib.sha256(
        f"{request.method} {request.url.path}?{query} {digest}".encode()
    ).hexdigest()


def _encode_response(response: BaseModel) -> bytes:
    return response.model_dump_json().encode()


def _keep_nothing(_: Session, __: object) -> None:
    """Store nothing: the request has no idempotency key."""
