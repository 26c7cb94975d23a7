"""What the figures were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

PACKAGES: Final = ("numpy", "numba", "scikit-learn")


def describe_machine() -> str:
    """Name the processor, the Python, the packages that compute, and the load."""
    cpu = next(
        (line for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    name = cpu.partition(": ")[2] or cpu
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    python, load = platform.python_version(), os.getloadavg()[0]
    return f"{os.cpu_count()} cores of {name}, Python {python}, {versions}, load {load:.1f}"


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []
