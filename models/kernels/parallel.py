"""Threads over the parts of one computation, where they give more than they cost."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import numba

ALONE: Final = 1 << 17  # numbers: with fewer, threads cost more than they give

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@contextmanager
def threads_for(size: int) -> Iterator[Map]:
    """Give a `map`: the builtin where there is little to do, else one over as many threads as there are cores."""
    if size < ALONE:
        yield map
        return
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        yield pool.map
