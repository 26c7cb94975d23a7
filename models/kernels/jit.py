"""Compiled functions: by numba, kept on the disk, run without the GIL."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function of arrays and numbers, once for each combination of types it is called with.

    What was compiled is kept beside the source, or where the user's caches are, or in NUMBA_CACHE_DIR. Where none of
    them can be written, each process compiles for itself.
    """
    try:
        return cast("Callable[P, R]", njit(nogil=True, cache=True)(function))
    except RuntimeError:
        return cast("Callable[P, R]", njit(nogil=True)(function))
