"""What a process does without, and what it imports as late as can be."""

import subprocess
import sys

PUT_OFF = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from service.system.import_guard import import_lazily
import_lazily("pyarrow.compute")
import pyarrow as pa
import pyarrow.compute as pc
before = "pyarrow._compute" in sys.modules
together = Barrier(8)
def add(n):
    together.wait()
    return pc.sum(pa.array([n, n])).as_py()
with ThreadPoolExecutor(8) as pool:
    sums = list(pool.map(add, range(8)))
print(before, sums == list(range(0, 16, 2)), sys.modules["pyarrow.compute"].sum is pc.sum)
"""


def test_a_deferred_module_is_imported_once_by_concurrent_first_uses():
    said = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", PUT_OFF], capture_output=True, check=True, text=True
    )
    assert said.stdout.split() == ["False", "True", "True"]


def test_a_missing_deferred_module_fails_at_its_first_use():
    code = (
        "from service.system.import_guard import import_lazily; import_lazily('nowhere'); import "
        "nowhere; nowhere.something"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)  # noqa: S603 - our own command
    assert "No module named 'nowhere'" in said.stderr.splitlines()[-1]
