"""`python -m bench`: start the service, measure it, print the tables of docs/benchmarks.md."""

import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.learning import measure_learning
from bench.memory import measure_memory
from bench.rounds import ROUNDS, Figure
from bench.server import Server
from bench.serving import measure_serving
from bench.tables import ROUNDS as ROUNDS_OF_TABLES
from bench.tables import measure_tables


def main() -> None:
    """Measure everything."""
    _say(f"Measured on {datetime.now(UTC):%Y-%m-%d} with `python -m bench`, on {_machine()}.")
    _say(f"Medians of {ROUNDS} rounds taken in turns (the least to the greatest).")
    with TemporaryDirectory() as directory, Server(Path(directory) / "home", "--sample") as server:
        _show(measure_serving(server.wait_until_ready()))
        _show(measure_learning(server))
        _show_memory(measure_memory(server))
        _say(f"\nLarge tables: medians of {ROUNDS_OF_TABLES} rounds.")
        _show(measure_tables(server))


def _show(figures: Mapping[str, Mapping[str, Figure]]) -> None:
    candidates = list(next(iter(figures.values())))
    _head("", *candidates)
    for what, row in figures.items():
        _row(what, *(str(row[name]) for name in candidates))


def _show_memory(mebibytes: Mapping[str, float]) -> None:
    _head("Resident memory", "MiB")
    for name, size in mebibytes.items():
        _row(name, f"{size:.0f}")


def _machine() -> str:
    cpu = next((line for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    name = cpu.partition(": ")[2] or cpu
    return f"{os.cpu_count()} cores of {name}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def _head(*cells: str) -> None:
    _say("")
    _row(*cells)
    _row("---", *("---:" for _ in cells[1:]))


def _row(*cells: str) -> None:
    _say(f"| {' | '.join(cells)} |")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
