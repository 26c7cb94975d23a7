"""A process that has imported what jobs need, and from which workers are forked: in a tenth of a second each."""

import multiprocessing
import os
from multiprocessing import forkserver
from typing import Final

METHOD: Final = "forkserver"
# Read by libraries as they are imported: a job keeps to one thread, free memory goes back, Dask is silent.
ENVIRONMENT: Final = {
    "DASK_LOGGING__DISTRIBUTED": "error",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def start_forkserver(preload: str) -> None:
    """Have a process import this module, and what any worker needs, while we import what we need ourselves.

    Nothing that is imported there may start a thread: a fork has only the one that forked it.
    """
    os.environ.update(ENVIRONMENT)
    multiprocessing.get_context(METHOD).set_forkserver_preload(["distributed.nanny", preload])
    forkserver.ensure_running()
