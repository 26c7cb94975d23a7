"""Waiting for other processes, never for longer than a deadline."""

import time
from collections.abc import Callable
from pathlib import Path


def eventually(law: Callable[[], object], within: float = 120.0) -> bool:
    deadline = time.monotonic() + within
    while not law():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
