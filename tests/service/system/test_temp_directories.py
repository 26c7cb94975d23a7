"""Temporary files do not outlive the process that they belong to, or the next one removes them."""

import signal
import subprocess
import sys
import tempfile

import pytest

from service.system.temp_directories import PREFIX, remove_stale, temporary_directory

KEEP = """
import signal, tempfile
from service.system.temp_directories import temporary_directory
with temporary_directory():
    tempfile.mkdtemp(prefix="pymp-")
    print("now", flush=True)
    signal.pause()
"""


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Where temporary files are kept by whoever says nothing else."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def keeping(outside):  # noqa: ARG001 - it is inherited
    """A process with temporary files."""
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", KEEP], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "now\n"
        yield process
        process.kill()


def names(outside) -> list[str]:
    return [path.name for path in outside.iterdir()]


def test_temporary_files_are_in_their_own_directory_that_is_removed(outside):
    with temporary_directory() as directory, tempfile.NamedTemporaryFile() as file:
        assert (directory.parent, directory.name.startswith(PREFIX)) == (outside, True)
        assert file.name.startswith(str(directory))
    assert (names(outside), tempfile.gettempdir()) == ([], str(outside))


def test_directories_of_killed_processes_are_removed(outside, keeping):
    keeping.send_signal(signal.SIGKILL)
    keeping.wait()
    assert names(outside) != []
    with temporary_directory() as directory:
        assert names(outside) == [directory.name]


def test_directories_of_running_processes_stay(outside, keeping):  # noqa: ARG001 - it lives
    before = names(outside)
    with temporary_directory():
        pass
    assert (names(outside), len(before)) == (before, 1)


@pytest.mark.parametrize("kind", ["directory", "file", "link"])
def test_other_directories_with_similar_names_are_kept(outside, tmp_path_factory, kind):
    other = outside / f"{PREFIX}other"
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "lock").touch()
    make = {
        "directory": other.mkdir,
        "file": other.touch,
        "link": lambda: other.symlink_to(elsewhere),
    }
    make[kind]()
    remove_stale(outside)
    assert (names(outside), (elsewhere / "lock").exists()) == ([other.name], True)
