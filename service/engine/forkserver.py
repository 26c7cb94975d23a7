"""Multiprocessing's forkserver with the training libraries preloaded.

Forking a worker takes a tenth of a second.
"""

import multiprocessing
import os
from multiprocessing import forkserver
from typing import Final

METHOD: Final = "forkserver"
# Libraries read these when imported: one thread per job, early release of free memory, only errors
# of Dask logged.
ENVIRONMENT: Final = {
    "DASK_LOGGING__DISTRIBUTED": "error",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def start_forkserver(preload: str) -> None:
    """Start the forkserver, which imports `preload` and Dask's worker while this process goes on.

    No preloaded module may start a thread: threads do not survive a fork.
    """
    os.environ.update(ENVIRONMENT)
    multiprocessing.get_context(METHOD).set_forkserver_preload(["distributed.nanny", preload])
    forkserver.ensure_running()
