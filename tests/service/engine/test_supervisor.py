import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.engine.supervisor import PARENT, ChildSupervisor
from tests.support.waiting import alive, eventually

pytestmark = pytest.mark.processes

SAY = "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n');"
REST = "import time; time.sleep(60)"
SHRUG = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
SUPERVISE = """
import sys, time
from service.engine.supervisor import ChildSupervisor
ChildSupervisor([sys.executable, "-c", sys.argv[2], sys.argv[1]]).start()
time.sleep(60)
"""
TIED = "from service.engine.supervisor import exit_with_supervisor; exit_with_supervisor();"


@pytest.fixture
def pids(tmp_path):
    file = tmp_path / "pids"
    file.touch()
    return file


@pytest.fixture
def supervise(pids):
    clusters = []

    def start(code, **env):
        clusters.append(ChildSupervisor([sys.executable, "-c", code, str(pids)], env=env))
        clusters[-1].start()
        return clusters[-1]

    yield start
    for cluster in clusters:
        cluster.stop()


def read(pids: Path) -> list[int]:
    return [int(pid) for pid in pids.read_text().splitlines()]


def test_a_child_that_dies_is_started_again(supervise, pids):
    supervise(SAY)
    assert eventually(lambda: len(read(pids)) >= 2)


def test_a_stopped_child_has_ended(supervise, pids):
    cluster = supervise(SAY + REST)
    eventually(lambda: read(pids))
    cluster.stop()
    assert not alive(*read(pids))


def test_a_stopped_child_is_not_started_again(supervise, pids):
    cluster = supervise(SAY)
    eventually(lambda: read(pids))
    cluster.stop()
    started = len(read(pids))
    assert not eventually(lambda: len(read(pids)) > started, within=0.5)


def test_a_child_that_ignores_the_request_is_ended_by_force(supervise, pids):
    cluster = supervise(SHRUG + SAY + REST)
    eventually(lambda: read(pids))
    cluster.stop(patience=0.1)
    assert not alive(*read(pids))


def test_a_supervisor_that_was_never_started_can_be_stopped():
    ChildSupervisor([sys.executable]).stop()


def test_a_child_gets_its_environment_variables(supervise, pids):
    supervise("import os, sys; open(sys.argv[1], 'w').write(os.environ['GIVEN'])", GIVEN="1")
    assert eventually(lambda: read(pids) == [1])


def test_a_child_does_not_outlive_a_killed_supervisor(pids):
    script = [sys.executable, "-c", SUPERVISE, str(pids), TIED + SAY + REST]
    with subprocess.Popen(script) as supervisor:  # noqa: S603 - our own script
        eventually(lambda: read(pids))
        supervisor.kill()
    assert eventually(lambda: not alive(*read(pids)), within=4)


def test_a_child_whose_supervisor_has_exited_ends_itself(pids):
    script = [sys.executable, "-c", TIED + SAY, str(pids)]
    orphan = subprocess.run(script, check=False, env={**os.environ, PARENT: "1"})  # noqa: S603 - our own script
    assert orphan.returncode == -signal.SIGKILL
