"""Minimal flatbuffers reader for the metadata of Arrow messages."""

import struct
from collections.abc import Iterator
from typing import Self


class Table:
    """A table of a flatbuffer: its fields by number."""

    def __init__(self, data: memoryview, offset: int) -> None:
        self._data = data
        self._offset = offset
        self._fields = offset - self._read("<i", offset)

    @classmethod
    def root(cls, data: memoryview) -> Self:
        """Return the root table."""
        return cls(data, *struct.unpack_from("<I", data))

    def has(self, field: int) -> bool:
        """Return whether a field is present."""
        return bool(self._at(field))

    def byte(self, field: int) -> int:
        """Read an unsigned byte; 0 if the field is absent."""
        offset = self._at(field)
        return self._read("<B", offset) if offset else 0

    def table(self, field: int) -> Self:
        """Return the table that a field refers to."""
        return type(self)(self._data, self._target(field))

    def structs(self, field: int, layout: str) -> Iterator[tuple[int, ...]]:
        """Yield the structs of a vector, unpacked by `layout`; none if the field is absent."""
        if not self.has(field):
            return
        offset = self._target(field)
        start, size = offset + 4, struct.calcsize(layout)
        for n in range(self._read("<I", offset)):
            yield struct.unpack_from(layout, self._data, start + n * size)

    def _at(self, field: int) -> int:
        entry = 4 + 2 * field
        if entry >= self._read("<H", self._fields):
            return 0
        offset = self._read("<H", self._fields + entry)
        return self._offset + offset if offset else 0

    def _target(self, field: int) -> int:
        offset = self._at(field)
        return offset + self._read("<I", offset)

    def _read(self, layout: str, offset: int) -> int:
        (number,) = struct.unpack_from(layout, self._data, offset)
        return int(number)
