"""The locks install on any day.

Offline, by the pip that Python brings, from an index with a newer release of each.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.wheel_index import normalized, pins_of, write_index

pytestmark = pytest.mark.slow

LOCKS = sorted(ROOT.glob("requirements*.lock"))
INSTALLED = [
    Path(sysconfig.get_path("purelib")),
    *Path(sys.prefix, "client").glob("lib/*/site-packages"),
]
BUNDLED = {"pip", "setuptools"}
ADDRESS = re.compile(r"^(?:-i|-f|--(?:extra-)?index-url|--find-links)\b|\bhttps?://", re.MULTILINE)
RECIPE = re.compile(r"^RUN (python -m venv (?:.*\\\n)*.*)", re.MULTILINE)


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("index")


@pytest.fixture(scope="module")
def offline(index) -> dict[str, str]:
    """An environment in which pip knows one index of files, and none of this machine's settings."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "MAKE", "MFLAGS"))
    }
    return ours | {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index.as_uri()}


@pytest.fixture(scope="module")
def clone(tmp_path_factory, index) -> Path:
    """A clone, as far as its set-up reads it; there is nothing to compile."""
    clone = tmp_path_factory.mktemp("clone")
    for lock in LOCKS:
        (clone / lock.name).write_text(write_index(lock.read_text(), index, INSTALLED))
    shutil.copy(ROOT / "Makefile", clone)
    (clone / "models").mkdir()
    (clone / "models" / "precompile.py").touch()
    return clone


@pytest.fixture(scope="module")
def environments(clone, offline) -> dict[str, Path]:
    """The environment that each lock is installed in.

    Two by the Makefile, one by the Dockerfile.
    """
    [recipe] = RECIPE.findall((ROOT / "Dockerfile").read_text())
    recipe = recipe.replace("/opt/segmentation", f"{clone}/image").replace("/build", str(clone))
    run(["make", "setup", "setup-dev", f"PYTHON={sys.executable}"], clone, offline)
    run(["sh", "-ec", recipe], clone, offline | {"PATH": f"{clone}/.venv/bin:{offline['PATH']}"})
    return {
        "requirements.lock": clone / "image",
        "requirements-dev.lock": clone / ".venv",
        "requirements-client.lock": clone / ".venv" / "client",
    }


def run(command: list[str], directory: Path, environment: dict[str, str]) -> None:
    ran = subprocess.run(  # noqa: S603 - our own commands
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def installed_in(environment: Path) -> set[tuple[str, str]]:
    [site] = environment.glob("lib/*/site-packages")
    found = {(normalized(each.name), each.version) for each in distributions(path=[str(site)])}
    return {(name, version) for name, version in found if name not in BUNDLED}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_installs_its_own_versions_though_there_are_newer_ones(environments, lock):
    pins = pins_of(lock.read_text())
    everywhere = {(pin.name, pin.version) for pin in pins if not pin.marker}
    anywhere = {(pin.name, pin.version) for pin in pins}
    assert everywhere <= installed_in(environments[lock.name]) <= anywhere


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_address(lock):
    assert not ADDRESS.search(lock.read_text())
