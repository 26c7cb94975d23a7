"""Memory that is free goes back to the system soon, instead of waiting for the next large table."""

import ctypes
import sys
from mmap import PAGESIZE
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Final

import pyarrow as pa

LARGE_BLOCK: Final = 4 << 20  # bytes: what a request of ten thousand customers needs is smaller, and used again
WORTH_TRIMMING: Final = 16 << 20  # bytes
PAUSE_SECONDS: Final = 0.1

# The numbers that the GNU C library's malloc.h gives to what can be set, and to what is told of the memory in use.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_FREE, _TOLD = 8, 10
_RESIDENT: Final = Path("/proc/self/statm")


class _MallocInfo(ctypes.Structure):
    _fields_ = [("n_bytes", ctypes.c_size_t * _TOLD)]


def enable_malloc_trim() -> None:
    """Let every large block be of its own, to go back as soon as it is free; smaller ones go back soon after.

    Otherwise Arrow's allocator, and the C library's, which raises its thresholds as it goes, hold on to several times
    the size of the largest table. A smaller block of its own would cost more to get than many a request takes.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    libc = ctypes.CDLL(None)
    if sys.platform == "linux" and hasattr(libc, "mallinfo2"):  # another C library has nothing of the kind
        libc.mallinfo2.restype = _MallocInfo
        libc.mallopt(_MMAP_THRESHOLD, LARGE_BLOCK)
        libc.mallopt(_TRIM_THRESHOLD, WORTH_TRIMMING)
        Thread(target=_trim_forever, args=(libc,), name="trimming", daemon=True).start()


def _trim_forever(libc: ctypes.CDLL) -> None:
    """Trim where more is in use, or more is free, than after the last time: then there is something to give back."""
    least = _use(libc)
    while True:
        sleep(PAUSE_SECONDS)
        now = _use(libc)
        if any(use - before > WORTH_TRIMMING for use, before in zip(now, least, strict=True)):
            libc.malloc_trim(0)
            now = least = _use(libc)
        least = list(map(min, least, now))


def _use(libc: ctypes.CDLL) -> list[int]:
    """Tell how many bytes the system has given, and how many of them are free, be they given back or not."""
    resident = int(_RESIDENT.read_text().split()[1]) * PAGESIZE
    return [resident, libc.mallinfo2().n_bytes[_FREE]]
