"""Supervisor of a child process.

Restarts it with exponential backoff, and never lets it outlive its parent.
"""

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
MIN_BACKOFF = 0.2  # seconds before a restart, doubled at each failure in a row
MAX_BACKOFF = 30.0
STABLE_SECONDS = 60.0  # uptime after which the backoff is reset
STDERR = 2
_PR_SET_PDEATHSIG = 1  # of prctl(2)

logger = structlog.get_logger()


def kill_when_parent_exits(parent: int) -> None:
    """Ask the kernel to kill this process when its parent `parent` exits (Linux only)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it exited before the call
        os.kill(os.getpid(), signal.SIGKILL)


def exit_with_supervisor() -> None:
    """Kill this process when the `ChildSupervisor` that started it exits.

    Does nothing without a supervisor.
    """
    parent = os.environ.get(PARENT)
    if parent is not None:
        kill_when_parent_exits(int(parent))


def kill_when_pipe_closes(pipe: int) -> None:
    """Ask the kernel to kill this process, even if busy, when the last writer closes a pipe.

    Does nothing on other systems than Linux.
    """
    if sys.platform != "linux":
        return
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    # Sends SIGIO, which kills.
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([pipe], [], [], 0)[0]:  # it was closed before the call
        os.kill(os.getpid(), signal.SIGKILL)


class ChildSupervisor:
    """Supervisor that runs a command as a child process and restarts it whenever it exits.

    `env` extends this process's environment, `pass_fds` are open files that the child inherits.
    The child's output goes to this process's standard error stream, unless `stdout` names another
    file. Log lines call the child by its `name`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str = "job engine",
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        stdout: int = STDERR,
    ) -> None:
        self._command = list(command)
        self._name = name
        self._pass_fds = pass_fds
        self._stdout = stdout
        self._env = {**os.environ, **(env or {}), PARENT: str(os.getpid())}
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        # PR_SET_PDEATHSIG fires when the thread that forked the child exits, so one long-lived
        # thread starts them all.
        self._thread = threading.Thread(target=self._keep_running, name=name, daemon=True)

    def start(self) -> None:
        """Start the child without waiting until it is ready."""
        self._thread.start()

    def terminate(self) -> None:
        """Ask the child to exit, without waiting for it, and do not restart it."""
        with self._starting:
            self._stopping.set()
            if self._child is not None:
                self._child.terminate()

    def stop(self, patience: float = 10.0) -> None:
        """Terminate the child; kill it after `patience` seconds."""
        self.terminate()
        if self._child is not None:
            try:
                self._child.wait(patience)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        if self._thread.is_alive():
            self._thread.join()

    def _keep_running(self) -> None:
        pause = MIN_BACKOFF
        while child := self._start_child():
            started = time.monotonic()
            code = child.wait()
            if self._stopping.is_set():
                return
            is_stable = time.monotonic() - started > STABLE_SECONDS
            pause = MIN_BACKOFF if is_stable else min(2 * pause, MAX_BACKOFF)
            logger.warning(
                "A child process exited; restarting it",
                child=self._name,
                exit_code=code,
                pause=pause,
            )
            self._stopping.wait(pause)

    def _start_child(self) -> subprocess.Popen[bytes] | None:
        with self._starting:
            if self._stopping.is_set():
                return None
            self._child = subprocess.Popen(  # noqa: S603 - the command contains no user input
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=self._stdout,
                pass_fds=self._pass_fds,
                process_group=0,  # Ctrl-C reaches only this process, which then stops the child
            )
            return self._child
