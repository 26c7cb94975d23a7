"""What the figures were measured on."""

import os
import platform
from pathlib import Path


def describe_machine() -> str:
    """Name the processor, the Python and the load."""
    cpu = next((line for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    name = cpu.partition(": ")[2] or cpu
    return f"{os.cpu_count()} cores of {name}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []
