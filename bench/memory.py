"""Memory of each process after its work, and the peak of all processes during it."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Self

import psutil

from bench.markdown import show
from bench.server import Server, wait_for

MIB = 2**20
LOOK = 0.05  # seconds from one look to the next


def main() -> None:
    """Measure a service that has learned from the sample."""
    with TemporaryDirectory() as directory, Server(Path(directory) / "home", "--sample") as server:
        wait_for(
            lambda: server.http.get("/v1/models/sample/versions/production").is_success,
            "the sample's model",
        )
        resident = measure_memory(server)
    show(
        {name: {"MiB": f"{mebibytes:.0f}"} for name, mebibytes in resident.items()},
        "resident memory",
    )


def measure_memory(server: Server) -> dict[str, float]:
    """Give the resident memory of each process, in MiB."""
    api, engine, *others = server.family()
    nursery, *workers = [
        process for process in others if "forkserver" in " ".join(process.cmdline())
    ]
    named = {"api": api, "engine": engine, "nursery": nursery}
    named |= {f"worker {n}": worker for n, worker in enumerate(workers, 1)}
    return {name: _resident(process) for name, process in named.items()}


class Watch:
    """Looks again and again, within its block, at how much memory all processes of a service hold.

    What several processes share is counted once (PSS). `growth` is what the most is above what they
    held at first, `needed` above what they held when the block began.
    """

    def __init__(self, server: Server) -> None:
        self._family = server.family()
        self._idle = self._held()
        self.growth = self.needed = 0

    def __enter__(self) -> Self:
        """Begin to look."""
        self._most = self._before = self._held()
        self._ended = Event()
        self._thread = Thread(target=self._keep_looking)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()
        self.growth, self.needed = self._most - self._idle, self._most - self._before

    def _keep_looking(self) -> None:
        while not self._ended.wait(LOOK):
            self._most = max(self._most, self._held())

    def _held(self) -> int:
        return sum(map(_share, self._family))


def _share(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_full_info().pss)
    return 0


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / MIB


if __name__ == "__main__":
    main()
