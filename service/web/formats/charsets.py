"""Text bodies: which characters their bytes are."""

import codecs
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from encodings import normalize_encoding
from encodings.aliases import aliases
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Final

from service.web.formats.errors import UnreadableBody, UnsupportedFormat

CHARSETS: Final = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "iso8859-1", "iso8859-15", "cp1252")
BLOCK: Final = 1 << 20
IN_MEMORY: Final = 1 << 23

# Python's modules for them; `codecs.lookup` would keep every name that it was ever asked for.
_MODULES: Final = ("utf_8", "utf_16", "utf_16_le", "utf_16_be", "ascii", "latin_1", "iso8859_15", "cp1252")
_CHARSET_OF: Final = dict(zip(_MODULES, CHARSETS, strict=True))


def known_charset(charset: str) -> str:
    """Return the one name of a charset that can be read."""
    name = normalize_encoding(charset).lower()
    found = _CHARSET_OF.get(aliases.get(name, name))
    if found is None:
        raise UnsupportedFormat(f"Send the text in one of {', '.join(CHARSETS)}")
    return found


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """Read a file from its start, a block at a time."""
    file.seek(0)
    return iter(lambda: file.read(BLOCK), b"")


@contextmanager
def opened_text(file: BinaryIO, charset: str, *, start: int = 0) -> Iterator[io.TextIOWrapper]:
    """Read a file as text from a place in it, without a byte order mark there; line ends stay as they are."""
    file.seek(start)
    text = io.TextIOWrapper(file, charset, newline="")
    try:
        place = text.tell()
        if text.read(1) != "\ufeff":
            text.seek(place)
        yield text
    except UnicodeError:
        raise _not_text(charset) from None
    finally:
        text.detach()


@contextmanager
def opened_as_utf8(file: BinaryIO, charset: str | None) -> Iterator[BinaryIO]:
    """Give the same text in UTF-8, known to be valid: the file itself, or a copy of it."""
    found = _fitting(file, [charset] if charset else _guess_charset(file))
    if found == "utf-8":
        yield file
        return
    with SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
        _decode_blocks(file, found, copy)
        yield copy  # type: ignore[misc]  # it is a BinaryIO in all but its stub


def _decode_blocks(file: BinaryIO, charset: str, copy: IO[bytes]) -> None:
    with opened_text(file, charset) as text:
        for block in iter(lambda: text.read(BLOCK), ""):
            copy.write(block.encode())


def _fitting(file: BinaryIO, charsets: Sequence[str]) -> str:
    for charset in charsets:
        if _fits(file, charset):
            return charset
    raise _not_text(charsets[0])


def _fits(file: BinaryIO, charset: str) -> bool:
    decoder = codecs.getincrementaldecoder(charset)()
    try:
        for block in blocks(file):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _guess_charset(file: BinaryIO) -> list[str]:
    file.seek(0)
    if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return ["utf-16"]
    return ["utf-8", "cp1252", "iso8859-1"]


def _not_text(charset: str) -> UnreadableBody:
    return UnreadableBody(f"The body is not {charset} text")
