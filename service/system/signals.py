"""Handlers of SIGTERM and SIGINT, during startup and afterwards."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final

STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
_EXIT_CODE_BASE: Final = 128  # shells report 128 + the signal's number


def exit_immediately() -> None:
    """Exit at once on these signals, without a traceback.

    For the imports at startup, which need no clean-up.

    The default action is not enough: the kernel ignores it for PID 1 of a container.
    """
    _handle(lambda signum, _: os._exit(_EXIT_CODE_BASE + signum))


def exit_with_cleanup() -> None:
    """Raise SystemExit on these signals, so that context managers clean up."""
    _handle(_raise_exit)


def _handle(handler: Callable[[int, FrameType | None], object]) -> None:
    for signum in STOPPING:
        signal.signal(signum, handler)


def _raise_exit(_: int, __: FrameType | None) -> None:
    sys.exit(0)
