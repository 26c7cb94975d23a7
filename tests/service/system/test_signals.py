"""How a process ends when it is asked to."""

import signal
import subprocess
import sys

import pytest

from service.system.signals import STOPPING

# Where Python cannot raise anything, it writes a traceback and goes on.
UNRAISABLE = """
import sys, time
from service.system.signals import {ends}

class Slow:
    def __del__(self):
        print("now", flush=True)
        time.sleep({seconds})

{ends}()
slow = Slow()
del slow
"""
ORDERLY = """
import signal
from service.system.signals import exit_with_cleanup

exit_with_cleanup()
try:
    print("now", flush=True)
    signal.pause()
finally:
    print("stopped")
"""

# A search for a module is what most of a start consists of.
INTERRUPTED = """
import runpy, signal, sys

class Interrupt:
    def find_spec(self, name, *_):
        if name == "typer":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
sys.argv = ["service", "serve", "--port", "0"]
runpy.run_module("service", run_name="__main__")
"""


def ended(script: str, signum: int) -> tuple[int, str, str]:
    """Send a signal to a script once it has said that it is time.

    Return how it ended and what it wrote after that.
    """
    command = [sys.executable, "-c", script]
    with subprocess.Popen(  # noqa: S603 - our own script
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "now\n"
        process.send_signal(signum)
        written = process.communicate(timeout=60)
    return process.returncode, *written


@pytest.mark.parametrize("signum", STOPPING, ids=lambda signum: signum.name)
def test_a_process_that_starts_ends_at_once_and_writes_no_traceback(signum):
    script = UNRAISABLE.format(ends="exit_immediately", seconds=60)
    assert ended(script, signum) == (128 + signum, "", "")


@pytest.mark.parametrize("signum", STOPPING, ids=lambda signum: signum.name)
def test_a_serving_process_stops_its_children_first(signum):
    assert ended(ORDERLY, signum) == (0, "stopped\n", "")


def test_the_command_line_ends_silently_while_it_is_being_imported():
    ran = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (128 + signal.SIGINT, "")
