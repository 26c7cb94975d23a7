"""Memory that is free goes back to the system at once, instead of waiting for the next large table."""

import ctypes
from contextlib import suppress
from typing import Final

import pyarrow as pa

LARGE_BLOCK: Final = 128 << 10  # bytes: where the GNU C library begins, too

# The numbers that its malloc.h gives to what can be set.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def give_back_memory() -> None:
    """Let every large block be of its own, whoever asks for it, so that it can go back as soon as it is free.

    Otherwise Arrow's allocator, and the C library's, which raises its thresholds as it goes, hold on to several times
    the size of the largest table.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    with suppress(OSError, AttributeError):  # another C library: it has nothing of the kind to set
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, LARGE_BLOCK)
        libc.mallopt(_TRIM_THRESHOLD, LARGE_BLOCK)
