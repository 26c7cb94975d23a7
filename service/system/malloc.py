"""Allocator settings that return free memory to the operating system early."""

import ctypes
import sys
from mmap import PAGESIZE
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Final

import pyarrow as pa

# Bytes: smaller blocks, as for requests of ten thousand customers, are reused.
MMAP_THRESHOLD: Final = 4 << 20
TRIM_THRESHOLD: Final = 16 << 20  # bytes
INTERVAL_SECONDS: Final = 0.1

# Constants of mallopt and fields of struct mallinfo2, from glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_FORDBLKS, _N_FIELDS = 8, 10
_STATM: Final = Path("/proc/self/statm")


class _MallocInfo(ctypes.Structure):
    _fields_ = [("n_bytes", ctypes.c_size_t * _N_FIELDS)]


def enable_malloc_trim() -> None:
    """Allocate large blocks by mmap, which returns them when freed; trim the heap in a thread.

    By default, Arrow's allocator and glibc's, with its dynamic thresholds, retain several times the
    size of the largest table. A lower mmap threshold would slow down small requests.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    libc = ctypes.CDLL(None)
    if sys.platform == "linux" and hasattr(libc, "mallinfo2"):  # glibc only
        libc.mallinfo2.restype = _MallocInfo
        libc.mallopt(_M_MMAP_THRESHOLD, MMAP_THRESHOLD)
        libc.mallopt(_M_TRIM_THRESHOLD, TRIM_THRESHOLD)
        Thread(target=_trim_forever, args=(libc,), name="trimming", daemon=True).start()


def _trim_forever(libc: ctypes.CDLL) -> None:
    """Trim the heap when resident or free memory has grown by the threshold since its minimum."""
    lowest = _memory_usage(libc)
    while True:
        sleep(INTERVAL_SECONDS)
        usage = _memory_usage(libc)
        if any(now - low > TRIM_THRESHOLD for now, low in zip(usage, lowest, strict=True)):
            libc.malloc_trim(0)
            usage = lowest = _memory_usage(libc)
        lowest = list(map(min, lowest, usage))


def _memory_usage(libc: ctypes.CDLL) -> list[int]:
    """Return the resident bytes of the process, and the free bytes of glibc's heap."""
    resident = int(_STATM.read_text().split()[1]) * PAGESIZE
    return [resident, libc.mallinfo2().n_bytes[_FORDBLKS]]
