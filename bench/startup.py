"""How long the service takes until it is ready, and how much memory its api holds then."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import psutil

from bench.markdown import say, show
from bench.memory import MIB
from bench.rounds import MEDIANS, ROUNDS, Figure
from bench.server import Server, wait_for

FIRST, LATER = "first start", "later start"
PLACE = "/v1/models/sample/assignments"
CUSTOMER = {"customer_id": "C-1", "Annual Income (k$)": 60, "Spending Score (1-100)": 50}

Row = Mapping[str, float]


def main() -> None:
    """Start it in an empty home, and in one that holds the sample's model, in turns."""
    say(MEDIANS.format(ROUNDS))
    with TemporaryDirectory() as directory:
        used = Path(directory) / "used"
        _prepare(used)
        numbers = iter(range(ROUNDS))
        starts: dict[str, Callable[[], Row]] = {
            FIRST: lambda: _start(Path(directory) / f"empty-{next(numbers)}", _ask_nothing),
            LATER: lambda: _start(used, _place_one),
        }
        taken = [{name: start() for name, start in starts.items()} for _ in range(ROUNDS)]
    show({name: _summary([each[name] for each in taken]) for name in starts})


def _prepare(home: Path) -> None:
    with Server(home, "--sample") as server:
        wait_for(
            lambda: server.http.get("/v1/models/sample/versions/production").is_success,
            "the sample's model",
        )


def _start(home: Path, ask: Callable[[Server], object]) -> Row:
    began = perf_counter()
    with Server(home) as server:
        listens = perf_counter() - began
        server.wait_until_ready()
        ready = perf_counter() - began
        ask(server)
        used = sum(sum(process.cpu_times()[:2]) for process in server.family())
        memory: Any = psutil.Process(server.process.pid).memory_full_info()
        return {
            "listens: s": listens,
            "ready: s": ready,
            "all processes: processor s": used,
            "api: resident MiB": memory.rss / MIB,
            "of it private: MiB": memory.uss / MIB,
        }


def _ask_nothing(_: Server) -> None:
    pass


def _place_one(server: Server) -> None:
    server.post(PLACE, {"customers": [CUSTOMER]})


def _summary(taken: list[Row]) -> dict[str, Figure]:
    return {what: Figure([each[what] for each in taken]) for what in taken[0]}


if __name__ == "__main__":
    main()
