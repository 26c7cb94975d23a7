"""Signals that ask a process to end, while it starts and once it serves."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final

STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
_KILLED_BY: Final = 128  # what shells add to the number of the signal that ended a program


def exit_at_once() -> None:
    """End by those signals at once and without a traceback: whatever is being imported has nothing to undo.

    A handler, rather than the default, because the kernel keeps default signals from the first process of a container.
    """
    _handle(lambda signum, _: os._exit(_KILLED_BY + signum))


def exit_by_unwinding() -> None:
    """Raise SystemExit at those signals, so that what was started is stopped on the way out."""
    _handle(_raise_exit)


def _handle(handler: Callable[[int, FrameType | None], object]) -> None:
    for signum in STOPPING:
        signal.signal(signum, handler)


def _raise_exit(_: int, __: FrameType | None) -> None:
    sys.exit(0)
