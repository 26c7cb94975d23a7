"""The service as users start it, in a home of its own."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import psutil

ROOT = Path(__file__).parents[1]
PATIENCE = 180.0  # seconds: a busy machine may need as long to import everything in four processes
PAUSE = 0.05

Sight = TypeVar("Sight")


def wait_for(look: Callable[[], Sight | None], what: str) -> Sight:
    """Look again and again until there is something to see; give up after a long while."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if sight := look():
            return sight
        time.sleep(PAUSE)
    raise TimeoutError(f"Waited {PATIENCE:.0f} seconds for {what}")


class Server:
    """A running `python -m service serve`.

    Leaving its block ends it and everything that it started.
    """

    def __init__(self, home: Path, *options: str, **settings: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.said = home.with_name(f"{home.name}.out")
        self.log = home.with_name(f"{home.name}.log")
        self.process = self._start(options, settings)
        self.http = httpx.Client(base_url=self._address(), timeout=PATIENCE)

    def __enter__(self) -> Self:
        """Enter a block that ends the server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what is left of it."""
        self.http.close()
        self.kill()

    def family(self) -> list[psutil.Process]:
        """List the processes of the service: its own, then the engine and the engine's children."""
        try:
            server = psutil.Process(self.process.pid)
            return [server, *server.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """Kill every process of the service at once."""
        for member in self.family():
            with suppress(psutil.NoSuchProcess):
                member.kill()
        self.process.wait()

    def wait_until_ready(self) -> Self:
        """Wait until there is a worker to take jobs."""
        wait_for(lambda: self.http.get("/readyz").status_code == httpx.codes.OK, "a worker")
        return self

    def get(self, path: str) -> dict[str, Any]:
        """Get what must be there."""
        return _read(self.http.get(path))

    def post(self, path: str, body: object, *, wait: int = 0) -> dict[str, Any]:
        """Post a body that must be accepted."""
        return _read(self.http.post(path, json=body, headers={"Prefer": f"wait={wait}"}))

    def put_csv(self, dataset: str, csv: str) -> dict[str, Any]:
        """Put a dataset."""
        return self.send("PUT", f"/v1/datasets/{dataset}", csv.encode(), "text/csv")

    def send(self, method: str, path: str, body: bytes, media_type: str) -> dict[str, Any]:
        """Send a body of any format, which must be accepted."""
        return _read(
            self.http.request(method, path, content=body, headers={"Content-Type": media_type})
        )

    def finished(self, job: str) -> dict[str, Any]:
        """Wait until a job is finished."""
        wait_for(
            lambda: self.get(f"/v1/jobs/{job}")["state"] not in {"queued", "running"}, f"job {job}"
        )
        return self.get(f"/v1/jobs/{job}")

    def worked(self, path: str, body: object, *, wait: int = 0) -> dict[str, Any]:
        """Post what begins a job, and wait until it has succeeded."""
        job = self.finished(self.post(path, body, wait=wait)["job"])
        if job["state"] != "succeeded":
            raise RuntimeError(f"The job ended as {job['state']}: {job['problem']}")
        return job

    def _start(self, options: tuple[str, ...], settings: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "service", "serve", "--port", "0", *options]
        asked = {
            f"SEGMENTATION_{name.upper()}": value
            for name, value in {"home": str(self.home), **settings}.items()
        }
        with self.said.open("wb") as said, self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own command
                command, cwd=ROOT, env=os.environ | asked, stdout=said, stderr=log
            )

    def _address(self) -> str:
        def there() -> re.Match[str] | None:
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"The server ended with {self.process.returncode}: "
                    f"{self.log.read_text()[-2000:]}"
                )
            return re.search(r"listens on (http://\S+)\n", self.said.read_text())

        return wait_for(there, "the server's address")[1]


def _read(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise RuntimeError(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
        )
    read: dict[str, Any] = answer.json()
    return read
