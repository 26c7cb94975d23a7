"""A request's body as a file: small ones in memory, large ones on disk, never more than one copy."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Annotated, BinaryIO, cast

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from service.config import Settings
from service.web.body_limits import MAX_LOOP_BYTES, OBJECT_WEIGHT, TABLE_WEIGHT, allow_table
from service.web.dependencies import ServicesDep
from service.web.formats import MEDIA_TYPES, MULTIPART, TableLimits, UnreadableBody, media_type_of
from service.web.formats.charsets import IN_MEMORY
from service.web.formats.media_types import parse_media_type


@dataclass(frozen=True, kw_only=True)
class Upload:
    """What was sent, as a file to be read from its start, what it says it is, and how large a table it may hold."""

    file: BinaryIO
    content_type: str
    bounds: TableLimits


async def receive_table(request: Request, parts: ServicesDep) -> AsyncIterator[Upload]:
    """Take a whole table in; its file is there until the answer has been sent."""
    settings = parts.settings
    allow_table(request, settings.table_bytes, TABLE_WEIGHT)
    async for body in _receive(request, _bounds(settings, rows=settings.table_rows)):
        yield body


async def receive_small_table(request: Request, parts: ServicesDep) -> AsyncIterator[Upload]:
    """Take in as many customers as are placed in one request."""
    allow_table(request, parts.settings.assignment_bytes, OBJECT_WEIGHT)
    async for body in _receive(request, bounds_of_few(parts.settings)):
        yield body


def bounds_of_few(settings: Settings) -> TableLimits:
    """Say how many customers are placed in one request, and how large their table may be."""
    return _bounds(settings, rows=settings.assignment_rows)


UploadDep = Annotated[Upload, Depends(receive_table)]
SmallUploadDep = Annotated[Upload, Depends(receive_small_table)]


def _bounds(settings: Settings, *, rows: int) -> TableLimits:
    return TableLimits(
        rows=rows,
        columns=settings.table_columns,
        cells=settings.table_cells,
        characters=settings.cell_characters,
        n_bytes=settings.table_memory,
    )


async def _receive(request: Request, bounds: TableLimits) -> AsyncIterator[Upload]:
    content_type = request.headers.get("content-type", "")
    is_form = parse_media_type(content_type)[0] == MULTIPART
    file, told = await _uploaded(request) if is_form else (await _spooled(request), content_type)
    with file:
        yield Upload(file=file, content_type=told, bounds=bounds)


async def _spooled(request: Request) -> BinaryIO:
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever asked for the body closes it
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


async def _uploaded(request: Request) -> tuple[BinaryIO, str]:
    parser = MultiPartParser(request.headers, _in_pieces(request.stream()), max_files=1, max_fields=0)
    try:
        form = await parser.parse()
    except MultiPartException:
        raise UnreadableBody("The form must be complete, and hold one file and nothing else") from None
    upload = _find_file(form)
    if upload is None:
        for begun in parser._files_to_close_on_error:  # noqa: SLF001 - Starlette closes them only on errors of its own
            begun.close()
        raise UnreadableBody("The form holds no file, or not the whole of one")
    return upload.file, _type_of(upload)


async def _in_pieces(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield a body in pieces that are searched for boundaries on the event loop, with a turn for others after each."""
    async for chunk in chunks:
        for start in range(0, len(chunk), MAX_LOOP_BYTES):
            yield chunk[start : start + MAX_LOOP_BYTES]
            await asyncio.sleep(0)


def _find_file(form: FormData) -> UploadFile | None:
    return next((part for _, part in form.multi_items() if isinstance(part, UploadFile)), None)


def _type_of(upload: UploadFile) -> str:
    """Believe a file's own media type if it is one that can be read, and else the end of its name."""
    told = upload.content_type or ""
    return told if parse_media_type(told)[0] in MEDIA_TYPES else media_type_of(upload.filename or "") or told
