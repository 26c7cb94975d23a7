"""Dependencies that receive a table as a spooled file.

In memory while small, on disk beyond that.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Annotated, BinaryIO, Final, cast

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Scope

from service.config import Settings
from service.web.asgi import get_header
from service.web.body_limits import (
    INTAKE,
    MAX_LOOP_BYTES,
    OBJECT_WEIGHT,
    TABLE_WEIGHT,
    LimitedReceive,
)
from service.web.dependencies import ServicesDep
from service.web.formats import (
    COLUMNAR,
    MEDIA_TYPES,
    MULTIPART,
    READERS,
    TableLimits,
    UnreadableBody,
    media_type_of,
)
from service.web.formats.charsets import IN_MEMORY
from service.web.formats.media_types import parse_media_type

MAX_COMPRESSION: Final = 16  # bytes of an unpacked table per byte of the largest body to assign


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A received table: the file at its start, its media type, and the limits of the route.

    `reserve` acquires the memory of the decoded table in the budget, from a worker thread.
    """

    file: BinaryIO
    content_type: str
    bounds: TableLimits
    reserve: Callable[[int], None]


async def receive_table(request: Request, services: ServicesDep) -> AsyncIterator[Upload]:
    """Receive the table of a dataset; close its file after the response."""
    media_type, _ = parse_media_type(request.headers.get("content-type", ""))
    # A columnar body reserves its decoded size, which its own size says nothing about.
    weight = 1 if media_type in COLUMNAR else TABLE_WEIGHT
    _intake(request.scope).allow_table(services.settings.table_bytes, weight)
    async for body in _receive(request, table_limits(services.settings)):
        yield body


async def receive_small_table(request: Request, services: ServicesDep) -> AsyncIterator[Upload]:
    """Receive the table of an assignment request; close its file after the response."""
    allow_assignments(request.scope, services.settings)
    async for body in _receive(request, assignment_limits(services.settings)):
        yield body


def allow_assignments(scope: Scope, settings: Settings) -> None:
    """Expect customers to assign; a table that may be compressed reserves its largest size."""
    media_type, _ = parse_media_type(get_header(scope, b"content-type") or "")
    _intake(scope).allow_table(
        settings.assignment_bytes,
        OBJECT_WEIGHT,
        in_memory_bytes=settings.assignment_bytes,
        unpacked_bytes=0 if media_type in READERS else assignment_limits(settings).n_bytes,
    )


def table_limits(settings: Settings) -> TableLimits:
    return _limits(settings, rows=settings.table_rows, n_bytes=settings.table_memory)


def assignment_limits(settings: Settings) -> TableLimits:
    return _limits(
        settings,
        rows=settings.assignment_rows,
        n_bytes=min(settings.table_memory, settings.assignment_bytes * MAX_COMPRESSION),
    )


def _intake(scope: Scope) -> LimitedReceive:
    return cast("LimitedReceive", scope[INTAKE])


UploadDep = Annotated[Upload, Depends(receive_table)]
SmallUploadDep = Annotated[Upload, Depends(receive_small_table)]


def _limits(settings: Settings, *, rows: int, n_bytes: int) -> TableLimits:
    return TableLimits(
        rows=rows,
        columns=settings.table_columns,
        cells=settings.table_cells,
        characters=settings.cell_characters,
        n_bytes=n_bytes,
    )


async def _receive(request: Request, bounds: TableLimits) -> AsyncIterator[Upload]:
    content_type = request.headers.get("content-type", "")
    is_form = parse_media_type(content_type)[0] == MULTIPART
    file, media_type = (
        await _receive_form(request) if is_form else (await _spool(request), content_type)
    )
    with file:
        reserve = _intake(request.scope).acquire_decoded
        yield Upload(file=file, content_type=media_type, bounds=bounds, reserve=reserve)


async def _spool(request: Request) -> BinaryIO:
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by the caller
    try:
        async for chunk in request.stream():
            if file.tell() + len(chunk) <= IN_MEMORY:
                file.write(chunk)
            else:
                await run_in_threadpool(file.write, chunk)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return cast("BinaryIO", file)


async def _receive_form(request: Request) -> tuple[BinaryIO, str]:
    parser = MultiPartParser(
        request.headers, _split_chunks(request.stream()), max_files=1, max_fields=0
    )
    try:
        form = await parser.parse()
    except MultiPartException:
        raise UnreadableBody(
            "The form must be complete and contain exactly one file and no other fields"
        ) from None
    parts = (part for _, part in form.multi_items())
    upload = next((part for part in parts if isinstance(part, UploadFile)), None)
    if upload is None:
        for partial in parser._files_to_close_on_error:  # noqa: SLF001 - Starlette closes them only on its own errors
            partial.close()
        raise UnreadableBody("The form contains no file, or the file is incomplete")
    return upload.file, _media_type(upload)


async def _split_chunks(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield a body in small pieces, and to the event loop after each: parsing a form blocks it."""
    async for chunk in chunks:
        for start in range(0, len(chunk), MAX_LOOP_BYTES):
            yield chunk[start : start + MAX_LOOP_BYTES]
            await asyncio.sleep(0)


def _media_type(upload: UploadFile) -> str:
    """Return the file's media type.

    The declared one if it is supported, else the one of its file name extension.
    """
    declared = upload.content_type or ""
    if parse_media_type(declared)[0] in MEDIA_TYPES:
        return declared
    return media_type_of(upload.filename or "") or declared
