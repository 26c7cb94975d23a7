"""JSON: one object with a list of customers, each an object of cells."""

import json
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from service.web.formats.charsets import BLOCK, opened_text
from service.web.formats.errors import TableLimits, UnreadableBody
from service.web.formats.raw_table import RawTable
from service.web.formats.row_columns import BadRecord, read_records

# One customer longer than this is refused: the decoder holds the GIL for a whole value.
MAX_VALUE_LENGTH: Final = 1 << 18
LIST: Final = "customers"

_SPACE = re.compile(r"[ \t\r\n]*")


def fields(pairs: list[tuple[str, object]]) -> object:
    """Build an object from its fields; a repeated field makes it a `BadRecord`."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else BadRecord("has a field twice")


DECODER: Final = json.JSONDecoder(object_pairs_hook=fields)


def read_json(file: BinaryIO, charset: str | None, bounds: TableLimits) -> RawTable:
    """Read ``{"customers": [{...}, ...]}``; an absent field is null, and known to be absent."""
    with opened_text(file, charset or "utf-8") as text:
        document = Document(text.read, DECODER, longest=MAX_VALUE_LENGTH)
        return read_records(_customers(document), location=(LIST,), bounds=bounds)


class Document:
    """Iterate over the values of a JSON text, none longer than `longest`, in bounded memory."""

    def __init__(
        self, read: Callable[[int], str], decoder: json.JSONDecoder, *, longest: int
    ) -> None:
        self._read, self._decoder, self._longest = read, decoder, longest
        self._text = ""
        self._at = 0
        self._lines = 1
        self._columns = 1

    def peek(self) -> str:
        """Return the next character that is not white space; empty at the end."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # it always matches
            if self._at < len(self._text) or not self._read_on():
                return self._text[self._at : self._at + 1]

    def skip(self, character: str) -> bool:
        """Skip the next character if it is `character`; return whether it was."""
        found = self.peek() == character
        self._at += found
        return found

    def expect(self, character: str) -> None:
        """Skip `character`; raise an error if another one follows."""
        if not self.skip(character):
            raise self._syntax_error(f"Expecting {character!r}", self._at)

    def end(self) -> None:
        """Raise an error if anything but white space follows."""
        if self.peek():
            self.expect("")

    def value(self) -> object:
        """Parse the next value completely."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                self._check_length(len(self._text))
                if not self._read_on():
                    raise self._syntax_error(error.msg, error.pos) from None
            except RecursionError:
                raise UnreadableBody("The body is nested too deeply") from None
            except ValueError:
                raise UnreadableBody("A number in the body has too many digits") from None
            else:
                # A number at the end of what was read so far may go on.
                if end < len(self._text) or not self._read_on():
                    self._check_length(end)
                    self._at = end
                    return value

    def names(self) -> Iterator[str]:
        """Yield the names of an object's fields; the caller reads a value before the next name."""
        self.expect("{")
        if self.skip("}"):
            return
        while True:
            if self.peek() != '"':
                self.expect('"')
            name = str(self.value())
            self.expect(":")
            yield name
            if not self.skip(","):
                break
        self.expect("}")

    def items(self) -> Iterator[object]:
        """Yield the values of a list, one at a time."""
        self.expect("[")
        if self.skip("]"):
            return
        yield self.value()
        while self.skip(","):
            yield self.value()
        self.expect("]")

    def _check_length(self, end: int) -> None:
        if end - self._at > self._longest:
            raise UnreadableBody(f"A value in the body has more than {self._longest:,} characters")

    def _read_on(self) -> bool:
        kept = self._text[self._at :]
        more = self._read(max(min(BLOCK, self._longest), len(kept)))
        if more:
            self._lines, self._columns = self._position(self._at)
            self._text, self._at = kept + more, 0
        return bool(more)

    def _position(self, at: int) -> tuple[int, int]:
        lines = self._text.count("\n", 0, at)
        columns = at - self._text.rfind("\n", 0, at) if lines else self._columns + at
        return self._lines + lines, columns

    def _syntax_error(self, fault: str, at: int) -> UnreadableBody:
        line, column = self._position(at)
        return UnreadableBody(f"The body is not JSON: {fault} in line {line}, column {column}")


def _customers(document: Document) -> Iterator[object]:
    if document.peek() != "{":
        document.value()
        raise _no_table()
    found = False
    for name in document.names():
        if name != LIST:
            document.value()
        elif found or document.peek() != "[":
            raise _no_table()
        else:
            found = True
            yield from document.items()
    document.end()
    if not found:
        raise _no_table()


def _no_table() -> UnreadableBody:
    return UnreadableBody(
        'The body must be an object with a list of customers: {"customers": [{…}, {…}]}'
    )
