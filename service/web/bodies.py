"""A request's body as a file: small ones in memory, large ones on disk, never more than one copy."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Annotated, BinaryIO, Final, cast

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from service.errors import ServiceError
from service.web.formats import MULTIPART, READERS, UnreadableBody, media_type_of
from service.web.formats.charsets import IN_MEMORY

MAX_BODY_BYTES: Final = 1 << 31


class BodyTooLarge(ServiceError):
    """The body is larger than the service takes in one request."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """What was sent, as a file to be read from its start, and what it says it is."""

    file: BinaryIO
    content_type: str


async def spool(request: Request) -> AsyncIterator[Body]:
    """Take the body in; its file is there until the answer has been sent."""
    content_type = request.headers.get("content-type", "")
    is_form = _media_type(content_type) == MULTIPART
    body = await _uploaded(request) if is_form else await _spooled(request, content_type)
    try:
        yield body
    finally:
        body.file.close()


BodyDep = Annotated[Body, Depends(spool)]


async def _spooled(request: Request, content_type: str) -> Body:
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever asked for the body closes it
    try:
        async for chunk in _limited(request):
            if file.tell() + len(chunk) <= IN_MEMORY:
                file.write(chunk)
            else:
                await run_in_threadpool(file.write, chunk)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return Body(file=cast("BinaryIO", file), content_type=content_type)


async def _uploaded(request: Request) -> Body:
    parser = MultiPartParser(request.headers, _limited(request), max_files=1, max_fields=0)
    try:
        form = await parser.parse()
    except MultiPartException:
        raise UnreadableBody("The form must be complete, and hold one file and nothing else") from None
    upload = _only_file(form)
    return Body(file=upload.file, content_type=_type_of(upload))


def _only_file(form: FormData) -> UploadFile:
    for _, part in form.multi_items():
        if isinstance(part, UploadFile):
            return part
    raise UnreadableBody("The form holds no file")


async def _limited(request: Request) -> AsyncGenerator[bytes, None]:
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > MAX_BODY_BYTES:
            raise BodyTooLarge(f"The body is larger than {MAX_BODY_BYTES >> 30} GiB; send the customers in parts")
        yield chunk


def _type_of(upload: UploadFile) -> str:
    """Believe a file's own media type if it is one that can be read, and else the end of its name."""
    told = upload.content_type or ""
    return told if _media_type(told) in READERS else media_type_of(upload.filename or "") or told


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
