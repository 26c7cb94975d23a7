"""An object store that speaks S3, in a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.server import wait_for

BUCKET = "segments"


class ObjectStore:
    """A running server with one bucket; `environment` lets programs in."""

    def __init__(self, log: Path) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        with log.open("wb") as said:
            self._process = subprocess.Popen(command, stdout=said, stderr=said)  # noqa: S603 - our own command
        address = wait_for(
            lambda: re.search(r"Running on (http://\S+?)\s", log.read_text()), "the object store"
        )[1]
        self._address = re.sub(r"\x1b\[\d+m", "", address)
        httpx.put(f"{self._address}/{BUCKET}").raise_for_status()
        self.environment = {
            "AWS_ENDPOINT_URL": self._address,
            "AWS_ACCESS_KEY_ID": "anybody",
            "AWS_SECRET_ACCESS_KEY": "anything",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def running_store(directory: Path) -> Iterator[ObjectStore]:
    """Run a store whose environment is also this process's, for as long as the block lasts."""
    store = ObjectStore(directory / "store.log")
    before = {name: os.environ.get(name) for name in store.environment}
    os.environ.update(store.environment)
    try:
        yield store
    finally:
        store.kill()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
