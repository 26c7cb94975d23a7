"""A child process that is started again when it dies, and that never outlives its parent."""

import ctypes
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

import structlog

PARENT = "LIFELINE_PARENT"
FIRST_PAUSE = 0.2  # seconds before the next start, doubled each time that the child dies young
LAST_PAUSE = 30.0
GROWN_UP = 60.0  # seconds after which a death says nothing about the next start
STDERR = 2
_PR_SET_PDEATHSIG = 1

logger = structlog.get_logger()


def kill_when_parent_exits(parent: int) -> None:
    """Have the kernel kill this process when the one with the id `parent`, which started it, ends (on Linux)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os.kill(os.getpid(), signal.SIGKILL)


def exit_with_supervisor() -> None:
    """Die with the `EmbeddedCluster` that started this process; started by anything else, live on."""
    parent = os.environ.get(PARENT)
    if parent is not None:
        kill_when_parent_exits(int(parent))


def kill_when_pipe_closes(pipe: int) -> None:
    """Have the kernel end this process, however busy, once nobody can write to a pipe any more (on Linux)."""
    if sys.platform != "linux":
        return
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)  # SIGIO, which ends it
    if select.select([pipe], [], [], 0)[0]:  # they ended before the kernel was asked
        os.kill(os.getpid(), signal.SIGKILL)


class ChildSupervisor:
    """Runs a command as a child process, and again each time it ends, until it is stopped.

    `env` comes on top of this process's own. What the child writes goes to our stderr.
    """

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        self._command = list(command)
        self._env = {**os.environ, **(env or {}), PARENT: str(os.getpid())}
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        # To the kernel a child's parent is the thread that started it, so one thread starts and survives them all.
        self._keeper = threading.Thread(target=self._keep_running, name="embedded cluster", daemon=True)

    def start(self) -> None:
        """Start the child, without waiting until it is ready."""
        self._keeper.start()

    def stop(self, patience: float = 10.0) -> None:
        """End the child, by force after `patience` seconds."""
        with self._starting:
            self._stopping.set()
            child = self._child
        if child is not None:
            _end(child, patience)
        if self._keeper.is_alive():
            self._keeper.join()

    def _keep_running(self) -> None:
        pause = FIRST_PAUSE
        while child := self._start_child():
            born = time.monotonic()
            code = child.wait()
            if self._stopping.is_set():
                return
            pause = FIRST_PAUSE if time.monotonic() - born > GROWN_UP else min(2 * pause, LAST_PAUSE)
            logger.warning("The job engine ended; starting it again", exit_code=code, pause=pause)
            self._stopping.wait(pause)

    def _start_child(self) -> subprocess.Popen[bytes] | None:
        with self._starting:
            if self._stopping.is_set():
                return None
            self._child = subprocess.Popen(  # noqa: S603 - the command is ours, no input reaches it
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=STDERR,
                process_group=0,  # Ctrl-C is for us; we decide when the child stops
            )
            return self._child


def _end(child: subprocess.Popen[bytes], patience: float) -> None:
    child.terminate()
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
