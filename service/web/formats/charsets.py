"""Decoding of text bodies by their declared or detected charset."""

import codecs
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from encodings import normalize_encoding
from encodings.aliases import aliases
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final

from service.web.formats.charset_detection import rank_charsets, sample_of
from service.web.formats.errors import UnreadableBody, UnsupportedFormat

BLOCK: Final = 1 << 20
IN_MEMORY: Final = 1 << 23
SAMPLE_BYTES: Final = 1 << 14

# Python's modules for charsets; `codecs.lookup` would keep every name that it was ever asked for.
# Where software writes a larger charset under the name of a smaller one, the larger one is read.
_CHARSET_OF: Final[Mapping[str, str]] = {
    "utf_8": "utf-8",
    "utf_8_sig": "utf-8",
    "ascii": "ascii",
    "latin_1": "iso8859-1",
    "utf_16": "utf-16",
    "utf_16_le": "utf-16-le",
    "utf_16_be": "utf-16-be",
    **{f"iso8859_{part}": f"iso8859-{part}" for part in (*range(2, 12), *range(13, 17))},
    **{
        f"cp{number}": f"cp{number}"
        for number in (437, 850, 852, 855, 857, 858, 866, 874, *range(1250, 1259))
    },
    "koi8_r": "koi8-r",
    "koi8_u": "koi8-u",
    "tis_620": "cp874",
    **{
        f"mac_{name}": f"mac-{name.replace('_', '-')}"
        for name in ("roman", "latin2", "cyrillic", "greek", "turkish")
    },
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "cp950",
    "cp950": "cp950",
    "big5hkscs": "big5hkscs",
    "euc_kr": "cp949",
    "cp949": "cp949",
    "johab": "johab",
    "shift_jis": "cp932",
    "cp932": "cp932",
    "euc_jp": "euc-jp",
    "iso2022_jp": "iso2022-jp",
}
CHARSETS: Final = tuple(dict.fromkeys(_CHARSET_OF.values()))
# What Python has no alias for, as mails and web pages write it.
_ALIASES: Final = {
    "windows_31j": "cp932",
    "x_sjis": "cp932",
    "windows_949": "cp949",
    "windows_874": "cp874",
    "x_gbk": "gbk",
    "x_mac_roman": "mac_roman",
    "x_mac_cyrillic": "mac_cyrillic",
}


def known_charset(charset: str) -> str:
    """Return the canonical name of a charset; raises UnsupportedFormat for an unknown one."""
    name = normalize_encoding(charset).lower()
    found = _CHARSET_OF.get(_ALIASES.get(name) or aliases.get(name, name))
    if found is None:
        raise UnsupportedFormat(f"Send the text in one of {', '.join(CHARSETS)}")
    return found


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """Read a file from its start, a block at a time."""
    file.seek(0)
    return iter(lambda: file.read(BLOCK), b"")


@contextmanager
def opened_text(file: BinaryIO, charset: str, *, start: int = 0) -> Iterator[io.TextIOWrapper]:
    """Open a file as text from an offset, without a byte order mark; line ends are kept."""
    file.seek(start)
    text = io.TextIOWrapper(file, charset, newline="")
    try:
        start_of_text = text.tell()
        if text.read(1) != "\ufeff":
            text.seek(start_of_text)
        yield text
    except UnicodeError:
        raise _not_text(charset) from None
    finally:
        text.detach()


@contextmanager
def opened_as_utf8(
    file: BinaryIO, charset: str | None
) -> Iterator[tuple[BinaryIO, tuple[str, ...]]]:
    """Return the text as UTF-8, the file itself or a decoded copy, and doubts about its charset."""
    found = _fitting(file, charset)
    if found == "utf-8":
        yield file, ()
        return
    with SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
        with opened_text(file, found) as text:
            for block in iter(lambda: text.read(BLOCK), ""):
                copy.write(block.encode())
        yield copy, () if charset or found == "utf-16" else (_charset_warning(found),)  # type: ignore[misc]  # it is a BinaryIO in all but its stub


def _fitting(file: BinaryIO, charset: str | None) -> str:
    """Return the declared charset, or the likeliest one that decodes the whole text."""
    for each in [charset] if charset else _guess_charset(file):
        if _fits(file, each):
            return each
    raise _not_text(charset or "utf-8")


def _charset_warning(charset: str) -> str:
    return (
        f"The text is not UTF-8 and is read as {charset}, which is the likeliest. If words look "
        "wrong, send it with its own charset in the media type: Content-Type: text/csv; charset=…"
    )


def _fits(file: BinaryIO, charset: str) -> bool:
    decoder = codecs.getincrementaldecoder(charset)()
    try:
        for block in blocks(file):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _guess_charset(file: BinaryIO) -> Iterator[str]:
    file.seek(0)
    if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        yield "utf-16"
        return
    yield "utf-8"
    yield from rank_charsets(sample_of(blocks(file), SAMPLE_BYTES))


def _not_text(charset: str) -> UnreadableBody:
    return UnreadableBody(f"The body is not {charset} text")
