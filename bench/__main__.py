"""`python -m bench`: start the service, measure it, print the tables of docs/benchmarks.md."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import ROUNDS as ROUNDS_OF_FIGURES
from bench.figures import measure_first_figures, measure_large_figures
from bench.hot_path import main as show_hot_path
from bench.kmeans import main as show_kmeans
from bench.learning import measure_learning
from bench.machine import describe_machine
from bench.markdown import head, row, say
from bench.memory import measure_memory
from bench.rounds import ROUNDS, Figure
from bench.server import Server
from bench.tables import ROUNDS as ROUNDS_OF_TABLES
from bench.tables import measure_tables
from bench.trees import measure_trees


def main() -> None:
    """Measure everything."""
    say(f"Measured on {datetime.now(UTC):%Y-%m-%d} with `python -m bench`, on {describe_machine()}.")
    say(f"Medians of {ROUNDS} rounds taken in turns (the least to the greatest).")
    with TemporaryDirectory() as directory, Server(Path(directory) / "home", "--sample") as server:
        _show(measure_learning(server.wait_until_ready()))
        _show_memory(measure_memory(server))
        say(f"\nLarge tables: medians of {ROUNDS_OF_TABLES} rounds.")
        _show(measure_tables(server))
        say(f"\nFigures: the first after each of {ROUNDS_OF_FIGURES} starts; of a large table once.")
        _show(measure_first_figures(Path(directory) / "figures"))
        _show(measure_large_figures(server))
    show_hot_path()
    measure_trees()
    show_kmeans()


def _show(figures: Mapping[str, Mapping[str, Figure]]) -> None:
    candidates = list(next(iter(figures.values())))
    head("", *candidates)
    for what, reached in figures.items():
        row(what, *(str(reached[name]) for name in candidates))


def _show_memory(mebibytes: Mapping[str, float]) -> None:
    head("Resident memory", "MiB")
    for name, size in mebibytes.items():
        row(name, f"{size:.0f}")


if __name__ == "__main__":
    main()
