"""Counters of requests per key in windows of a minute, of one process or shared by several."""

import fcntl
import mmap
import os
from hashlib import blake2b
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple, Protocol

WINDOW: Final = 60  # seconds
MAX_KEYS: Final = 10_000

_HEADER: Final = Struct("=Q")  # the number of keys
_SLOT: Final = Struct("=16sdQ")  # a key's digest, its window's start, and the requests in it
_N_SLOTS: Final = 2**14  # well above MAX_KEYS, so that probe sequences stay short
_N_BYTES: Final = _HEADER.size + _N_SLOTS * _SLOT.size
_EMPTY: Final = bytes(16)


class Window(NamedTuple):
    """A key's window: the time at which it began, and the requests in it."""

    start: float
    used: int

    def after_request(self, time: float) -> "Window":
        """Return the window after one more request, which begins a new one if this has ended."""
        return Window(time, 1) if time - self.start >= WINDOW else Window(self.start, self.used + 1)


class Windows(Protocol):
    """The current window of each key."""

    def count(self, key: str, time: float) -> Window:
        """Count a request of a key, and return the key's window."""


class LocalWindows:
    """Windows in the memory of this process."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}

    def count(self, key: str, time: float) -> Window:
        """Count a request of a key, and return the key's window."""
        window = self._windows.get(key, Window(time, 0)).after_request(time)
        if len(self._windows) >= MAX_KEYS:
            self._windows.clear()
        self._windows[key] = window
        return window


class SharedWindows:
    """Windows in a memory-mapped file, an open-addressing hash table that several processes share.

    Each request holds the file's lock for some microseconds, so counts are exact. The kernel
    releases the lock of a process that is killed.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # open until the process ends
        os.ftruncate(self._file, _N_BYTES)
        self._table = mmap.mmap(self._file, _N_BYTES)

    def count(self, key: str, time: float) -> Window:
        """Count a request of a key, and return the key's window."""
        digest = blake2b(key.encode(), digest_size=len(_EMPTY)).digest()
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            offset = self._slot_of(digest)
            _, start, used = _SLOT.unpack_from(self._table, offset)
            window = Window(start, used).after_request(time) if used else Window(time, 1)
            _SLOT.pack_into(self._table, offset, digest, *window)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        return window

    def _slot_of(self, digest: bytes) -> int:
        """Return the offset of a key's slot, or of the empty slot that it gets."""
        number = int.from_bytes(digest[:8], "little")
        while True:
            offset = _HEADER.size + number % _N_SLOTS * _SLOT.size
            found = self._table[offset : offset + len(_EMPTY)]
            if found == digest:
                return offset
            if found == _EMPTY and self._add_key():
                return offset
            if found == _EMPTY:
                self._table[:] = bytes(_N_BYTES)  # forgets all keys; the next look finds room
                return self._slot_of(digest)
            number += 1

    def _add_key(self) -> bool:
        """Count one more key, unless there are too many."""
        (n_keys,) = _HEADER.unpack_from(self._table)
        if n_keys >= MAX_KEYS:
            return False
        _HEADER.pack_into(self._table, 0, n_keys + 1)
        return True
