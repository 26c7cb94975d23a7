"""FastAPI dependencies for requests with an `Idempotency-Key`."""

import hashlib
from typing import Annotated, BinaryIO

from fastapi import Depends, Header, Request

from service.idempotency.operations import IdempotentRequest, KeyedRequest
from service.web.dependencies import DatabaseDep, TenantDep
from service.web.uploads import UploadDep

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


async def _keyed_request(
    request: Request, tenant: TenantDep, idempotency_key: IdempotencyKey = None
) -> KeyedRequest | None:
    if idempotency_key is None:
        return None
    digest = hashlib.sha256(await request.body())
    return KeyedRequest(
        tenant=tenant, key=idempotency_key, fingerprint=fingerprint(request, digest.hexdigest())
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
    digest = _hash_file(body.file)
    sent = KeyedRequest(
        tenant=tenant, key=idempotency_key, fingerprint=fingerprint(request, digest)
    )
    return IdempotentRequest(database=database, sent=sent)


# SentDep is for small JSON bodies, IdempotencyDep for tables.
SentDep = Annotated[KeyedRequest | None, Depends(_keyed_request)]
IdempotencyDep = Annotated[IdempotentRequest, Depends(_idempotent_request)]


def _hash_file(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def fingerprint(request: Request, digest: str) -> str:
    """Identify a request by its method, path, query and the digest of its body."""
    query = "&".join(
        sorted(f"{name}={value}" for name, value in request.query_params.multi_items())
    )
    return hashlib.sha256(
        f"{request.method} {request.url.path}?{query} {digest}".encode()
    ).hexdigest()
