import os
import signal
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import load_pem_x509_certificate
from distributed import Security
from psutil import Process

from service.engine.client import EngineUnavailable, JobEngine, current_worker
from service.engine.scheduler_file import SchedulerInfo, TlsCredentials
from service.engine.supervisor import ChildSupervisor
from service.system.temp_directories import PREFIX
from tests.service.engine import engine_jobs
from tests.support.waiting import alive, eventually

pytestmark = pytest.mark.slow

ENTRY_POINT = f"{engine_jobs.__name__}:run_job"
ROUNDTRIP = """
import sys
from pathlib import Path
from service.engine.client import JobEngine
engine = JobEngine(address=None, directory=Path(sys.argv[1]), entry_point=sys.argv[2])
engine.submit("quick-from-elsewhere")
engine.unknown(["quick-from-elsewhere"])
engine.close()
print(*{sys.argv[2].partition(":")[0], "pandas", "scipy", "sklearn"} & sys.modules.keys())
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The home of a running cluster."""
    home = tmp_path_factory.mktemp("engine")
    env = {engine_jobs.JOURNAL: str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    cluster = ChildSupervisor(
        [sys.executable, "-m", engine_jobs.__name__, str(home / "contact")], env=env
    )
    cluster.start()
    yield home
    cluster.stop()


@pytest.fixture
def engine(home):
    with closing(connect(home)) as engine:
        assert eventually(engine.ready)
        yield engine


@pytest.fixture
def neighbour(home):
    """The engine of another api process."""
    with closing(connect(home)) as engine:
        yield engine


@pytest.fixture
def starts(home):
    """Who started a job, and in which process: one pair for each start."""

    def read(job_id: str) -> list[tuple[str, int]]:
        journal = home / job_id
        lines = journal.read_text().splitlines() if journal.exists() else []
        return [(worker, int(pid)) for worker, pid in map(str.split, lines)]

    return read


@pytest.fixture
def started(engine, starts):
    """Submit a job and wait until it runs."""

    def submit(job_id: str) -> tuple[str, int]:
        engine.submit(job_id)
        assert eventually(lambda: starts(job_id))
        return starts(job_id)[0]

    return submit


@pytest.fixture
def detached(tmp_path):
    """An engine whose cluster is not there."""
    with closing(JobEngine(address=None, directory=tmp_path, entry_point=ENTRY_POINT)) as engine:
        yield engine


@pytest.fixture
def let_go(home):
    """Let polite jobs end."""
    return lambda job_id: (home / f"{job_id}.stop").touch()


def connect(home: Path, **options: Any) -> JobEngine:
    return JobEngine(
        **{"address": None, "directory": home / "contact", "entry_point": ENTRY_POINT, **options}
    )


def certificates() -> TlsCredentials:
    tls = Security.temporary().get_tls_config_for_role("client")
    return TlsCredentials(ca=tls["ca_file"], certificate=tls["cert"], key=tls["key"])


@pytest.mark.processes
def test_a_job_submitted_three_times_runs_once(engine, starts, started, let_go):
    for _ in range(3):
        started("polite-thrice")
    started("quick-after")  # what a client sends arrives in order: by now, so have all three
    let_go("polite-thrice")
    assert eventually(lambda: engine.unknown(["polite-thrice"]))
    assert len(starts("polite-thrice")) == 1


@pytest.mark.processes
def test_a_job_submitted_by_two_processes_runs_once(engine, neighbour, starts, started, let_go):
    started("polite-twins")
    neighbour.submit("polite-twins")
    neighbour.close()
    let_go("polite-twins")
    assert eventually(lambda: engine.unknown(["polite-twins"]))
    assert len(starts("polite-twins")) == 1


@pytest.mark.processes
def test_a_job_outlives_the_engine_that_submitted_it(engine, neighbour, starts, let_go):
    neighbour.submit("polite-orphan")
    neighbour.close()
    assert eventually(lambda: starts("polite-orphan"))
    unknown = engine.unknown(["polite-orphan"])
    let_go("polite-orphan")
    assert not unknown


@pytest.mark.processes
def test_only_jobs_that_run_or_wait_are_known(engine, started, let_go):
    started("polite-known")
    unknown = engine.unknown(["quick-never", "polite-known"])
    let_go("polite-known")
    assert unknown == ["quick-never"]


@pytest.mark.processes
def test_the_worker_of_a_job_is_known(started):
    worker, _ = started("quick-where")
    assert worker.startswith("tls://127.0.0.1:")


@pytest.mark.processes
def test_a_job_that_kills_its_workers_is_forgotten_and_others_run(engine, started):
    started("poison-1")
    assert eventually(lambda: engine.unknown(["poison-1"]))
    assert started("quick-after-poison")


@pytest.mark.processes
def test_cancelling_a_busy_job_ends_its_process_and_no_other(engine, started, let_go):
    _, neighbour = started("polite-neighbour")
    worker, busy = started("busy-1")
    engine.cancel("busy-1", worker)
    lives = alive(busy), alive(neighbour)
    let_go("polite-neighbour")
    assert lives == (False, True)


@pytest.mark.processes
def test_a_cancelled_job_is_forgotten(engine, started, let_go):
    started("polite-forgotten")
    engine.cancel("polite-forgotten", None)
    let_go("polite-forgotten")
    assert eventually(lambda: engine.unknown(["polite-forgotten"]))


@pytest.mark.processes
def test_a_cancelled_job_that_stops_by_itself_keeps_its_process(engine, started, let_go):
    worker, pid = started("polite-cancelled")
    let_go("polite-cancelled")
    engine.cancel("polite-cancelled", worker)
    assert alive(pid)


@pytest.mark.processes
def test_cancelling_spares_a_worker_that_went_on_to_another_job(engine, started, let_go):
    worker, pid = started("polite-next")
    engine.cancel("busy-before", worker)
    spared = alive(pid)
    let_go("polite-next")
    assert spared


@pytest.mark.processes
def test_cancelling_on_a_worker_that_is_gone_changes_nothing(engine):
    engine.cancel("quick-gone", "tls://127.0.0.1:1")
    assert engine.ready()


@pytest.mark.processes
@pytest.mark.parametrize("killed", ["nursery", "engine"])
def test_jobs_of_a_killed_cluster_end_with_it_and_the_cluster_restarts(
    engine, started, let_go, killed
):
    _, pid = started(f"polite-{killed}")
    nursery = parent(pid)
    os.kill({"nursery": nursery, "engine": parent(nursery)}[killed], signal.SIGKILL)
    let_go(f"polite-{killed}")  # an engine that is left begins it anew
    assert eventually(lambda: not alive(pid), within=4)
    assert eventually(engine.ready)
    assert started(f"quick-after-{killed}")


@pytest.mark.processes
def test_an_engine_uses_a_temporary_directory_that_the_next_one_removes(started, let_go):
    _, pid = started("polite-temporary")
    nursery = Process(parent(pid))
    let_go("polite-temporary")
    assert Path(nursery.environ()["TMPDIR"]).name.startswith(PREFIX)


@pytest.mark.processes
def test_a_stranger_is_refused(engine, home):
    assert engine.ready()
    address = SchedulerInfo.read(home / "contact").address
    with closing(connect(home, address=address, certificates=certificates())) as stranger:
        assert not stranger.ready()


@pytest.mark.processes
def test_a_client_with_the_certificates_can_connect(engine, home):
    assert engine.ready()
    contact = SchedulerInfo.read(home / "contact")
    with closing(
        connect(home, address=contact.address, certificates=contact.certificates)
    ) as friend:
        assert friend.ready()


@pytest.mark.processes
@pytest.mark.usefixtures("engine")
def test_no_clock_keeps_programs_out_of_a_running_cluster(home):
    certificate = load_pem_x509_certificate(
        SchedulerInfo.read(home / "contact").certificates.certificate.encode()
    )
    assert (certificate.not_valid_before_utc.year, certificate.not_valid_after_utc.year) == (
        1970,
        9999,
    )


@pytest.mark.processes
@pytest.mark.parametrize(("name", "mode"), [(".", 0o700), ("scheduler.json", 0o600)])
def test_the_scheduler_file_is_private(engine, home, name, mode):
    assert engine.ready()
    assert stat.S_IMODE((home / "contact" / name).stat().st_mode) == mode


@pytest.mark.processes
def test_submitting_imports_neither_the_jobs_nor_the_learning_libraries(engine, home):
    assert engine.ready()
    script = [sys.executable, "-c", ROUNDTRIP, str(home / "contact"), ENTRY_POINT]
    answer = subprocess.run(script, capture_output=True, check=True, text=True)  # noqa: S603 - our own script
    assert answer.stdout.strip() == ""


def test_without_a_cluster_a_job_is_refused(detached):
    with pytest.raises(EngineUnavailable):
        detached.submit("quick-nowhere")


def test_without_a_cluster_the_engine_is_not_ready(detached):
    assert not detached.ready()


def test_a_cluster_that_left_its_address_and_died_is_unavailable(detached, tmp_path):
    SchedulerInfo(address="tls://127.0.0.1:1", certificates=certificates()).write(tmp_path)
    with pytest.raises(EngineUnavailable):
        detached.unknown(["quick-nowhere"])


def test_a_closed_engine_is_unavailable(detached, tmp_path):
    SchedulerInfo(address="tls://127.0.0.1:1", certificates=certificates()).write(tmp_path)
    detached.close()
    with pytest.raises(EngineUnavailable):
        detached.slots()


def test_closing_twice_is_closing(detached):
    detached.close()
    detached.close()
    assert not detached.ready()


def test_outside_of_a_worker_there_is_no_worker():
    assert current_worker() == ""


def test_a_withdrawn_contact_is_not_found(tmp_path):
    SchedulerInfo(address="tls://127.0.0.1:1", certificates=certificates()).write(tmp_path)
    SchedulerInfo.delete_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        SchedulerInfo.read(tmp_path)


def test_a_contact_is_read_as_it_was_written(tmp_path):
    contact = SchedulerInfo(address="tls://127.0.0.1:1", certificates=certificates())
    contact.write(tmp_path)
    assert SchedulerInfo.read(tmp_path) == contact


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
