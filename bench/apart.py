"""A piece of work in a process of its own.

How long it takes, and by how much that process grows at the most.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench.markdown import head, row
from bench.rounds import Figure

OWN: Final = Path(sys.executable)
SCRIPT: Final = """
import sys, time
from pathlib import Path
import numpy as np
{setup}
def held(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))
def work(points):
    return {work}
work(np.random.default_rng(0).normal(size=(300, 8)))  # what is compiled is compiled before
points = np.load(sys.argv[1])
Path("/proc/self/clear_refs").write_text("5")  # the most that is held is counted from here on
before = held("VmRSS")
wall, busy = time.perf_counter(), time.process_time()
found = work(points)
wall, busy = time.perf_counter() - wall, time.process_time() - busy
print(wall, busy, (held("VmHWM") - before) / 1024)
np.save(sys.argv[2], {kept})
"""


@dataclass(frozen=True)
class Taken:
    """What one process took."""

    seconds: float
    busy: float
    mebibytes: float


@dataclass(frozen=True, kw_only=True)
class Work:
    """What to do with `points`, after what `setup`, and what to keep of what is `found`.

    By which Python.
    """

    setup: str
    work: str
    kept: str
    python: Path = OWN

    def run(self, points: Path, kept: Path) -> Taken:
        """Do it in a process of its own."""
        script = SCRIPT.format(setup=self.setup, work=self.work, kept=self.kept)
        ran = subprocess.run(  # noqa: S603 - our own
            [self.python, "-c", script, points, kept], capture_output=True, text=True, check=True
        )
        return Taken(*map(float, ran.stdout.split()))


def show_taken(what: str, taken: Mapping[str, Sequence[Taken]]) -> None:
    """Print what each candidate took."""
    head(what, "s", "processor s", "extra MiB")
    for name, each in taken.items():
        row(name, *figures_of(each))


def figures_of(taken: Sequence[Taken]) -> list[str]:
    """Give seconds, processor seconds and extra memory of several rounds."""
    return [
        str(Figure([getattr(one, field) for one in taken]))
        for field in ("seconds", "busy", "mebibytes")
    ]


def draw_points(n: int, d: int, k: int, apart: float) -> np.ndarray:
    """Draw points in k round groups about `apart` standard deviations from each other."""
    random = np.random.default_rng([n, int(10 * apart)])
    # As drawn, two of them are √(2d) apart.
    centers = random.normal(size=(k, d)) * apart / (2 * d) ** 0.5
    return centers[random.integers(k, size=n)] + random.normal(size=(n, d))
