"""Thread pool for the parts of one computation."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import numba

ALONE: Final = 1 << 17  # array size below which threads do not pay off

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@contextmanager
def threads_for(size: int) -> Iterator[Map]:
    """Yield a `map` function.

    The builtin for small arrays, else that of a pool with one thread per core.
    """
    if size < ALONE:
        yield map
        return
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        yield pool.map
