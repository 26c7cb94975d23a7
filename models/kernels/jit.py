"""Numba decorator: compiles without the GIL, with a cache on disk."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function of arrays and numbers, once per signature.

    The cache is next to the source, in the user's cache directory, or in NUMBA_CACHE_DIR. If none
    of them is writable, each process compiles anew.
    """
    try:
        return cast("Callable[P, R]", njit(nogil=True, cache=True)(function))
    except RuntimeError:
        return cast("Callable[P, R]", njit(nogil=True)(function))
