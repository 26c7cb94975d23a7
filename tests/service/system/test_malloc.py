import subprocess
import sys

import pytest

TABLES_COME_AND_GO = """
import time
import numpy as np, psutil, pyarrow as pa
from service.system.malloc import enable_malloc_trim

def table(n_chunks):
    return [(x := np.ones(1 << 16), pa.array(x).cast(pa.string())) for _ in range(n_chunks)]

enable_malloc_trim()
process, _ = psutil.Process(), table(1)
before = process.memory_info().rss
for _ in range(4):
    large = table(100)
    held = process.memory_info().rss - before
    del large
while process.memory_info().rss - before > 0.3 * held:
    time.sleep(0.1)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux is what can be set")
def test_memory_of_large_tables_returns_to_the_system():
    command = [sys.executable, "-c", TABLES_COME_AND_GO]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0  # noqa: S603 - our own command
