"""What routes ask for, so that a request which is sent twice counts once."""

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
        description="A text of your own, new for each request. Sent again with the same body within 24 hours, the "
        "request counts once, and is answered with what came of the first.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class IdempotentRequest:
    """Carries out a request, or answers with what came of it when it was sent before."""

    database: Database
    sent: KeyedRequest | None

    def answer(
        self, act: Callable[[Keep[Result]], Result], show: Callable[[Result], Answer], as_: type[Answer]
    ) -> Answer:
        """Act, and keep what is shown of it in the transaction in which `act` calls what it is given."""
        if self.sent is None:
            return show(act(_keep_nothing))
        taken = operations.begin_request(self.database, self.sent)
        if isinstance(taken, bytes):
            return as_.model_validate_json(taken)
        try:
            return show(
                act(lambda session, result: operations.complete_request(session, taken, _encoded(show(result))))
            )
        except BaseException:
            operations.abort_request(self.database, self.sent)
            raise


async def _sent_json(
    request: Request, tenant: TenantDep, idempotency_key: IdempotencyKey = None
) -> KeyedRequest | None:
    if idempotency_key is None:
        return None
    digest = hashlib.sha256(await request.body())
    return KeyedRequest(tenant=tenant, key=idempotency_key, fingerprint=_fingerprint(request, digest.hexdigest()))


def _once(
    request: Request, database: DatabaseDep, tenant: TenantDep, body: UploadDep, idempotency_key: IdempotencyKey = None
) -> IdempotentRequest:
    if idempotency_key is None:
        return IdempotentRequest(database=database, sent=None)
    fingerprint = _fingerprint(request, _digest_of(body.file))
    return IdempotentRequest(
        database=database, sent=KeyedRequest(tenant=tenant, key=idempotency_key, fingerprint=fingerprint)
    )


# For routes whose body is a small JSON document, and for those that take a table.
SentDep = Annotated[KeyedRequest | None, Depends(_sent_json)]
IdempotencyDep = Annotated[IdempotentRequest, Depends(_once)]


def _digest_of(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _fingerprint(request: Request, digest: str) -> str:
    query = "&".join(sorted(f"{name}={value}" for name, value in request.query_params.multi_items()))
    return hashlib.sha256(f"{request.method} {request.url.path}?{query} {digest}".encode()).hexdigest()


def _encoded(answer: BaseModel) -> bytes:
    return answer.model_dump_json().encode()


def _keep_nothing(_: Session, __: object) -> None:
    """Without a key nothing is kept."""
