"""How long a first figure takes, and those of a large table, and how much memory that needs."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.markdown import say, show
from bench.memory import MIB, Watch
from bench.rounds import Figure, seconds
from bench.server import Server, wait_for
from bench.tables import PARQUET, as_parquet, draw_table

ROUNDS, N = 3, 1_000_000
EXTENSIONS = ("svg", "html", "png")
SAMPLE = "/v1/models/sample/versions/production/figures/customers"
DATASET, VERSION = "/v1/datasets/shop/figures", "/v1/models/shop/versions/1/figures"
FEATURES = ["revenue", "basket", "orders", "visits", "income", "channel"]

Row = Mapping[str, Figure]


def main() -> None:
    """Measure first figures, then large ones."""
    say(
        f"The first after each of {ROUNDS} starts (median, the least to the greatest); of a large "
        "table once."
    )
    with TemporaryDirectory() as name:
        show(measure_first_figures(Path(name) / "first"), "the customers of the sample's model")
        with Server(Path(name) / "large") as server:
            show(measure_large_figures(server.wait_until_ready()), "every figure once, as SVG")


def measure_first_figures(home: Path) -> dict[str, Row]:
    """Start the service anew for each format, and ask for the same figure again and again."""
    rounds = {
        extension: [_first(home, extension) for _ in range(ROUNDS)] for extension in EXTENSIONS
    }
    return {extension: _row(taken) for extension, taken in rounds.items()}


def measure_large_figures(server: Server) -> dict[str, Row]:
    """Draw all figures of a large dataset, and of a version that learned from it, once each."""
    table = draw_table(N)
    server.send("PUT", "/v1/datasets/shop", as_parquet(table), PARQUET)
    asked = {"name": "shop", "dataset": "shop", "k": 6, "features": FEATURES}
    server.worked("/v1/models", asked)
    places = {f"dataset of {N:,} x {table.num_columns}": DATASET, "version of it": VERSION}
    return {what: _all_of(server, place, table.nbytes) for what, place in places.items()}


def _first(home: Path, extension: str) -> dict[str, float]:
    with Server(home, "--sample") as server:
        server.wait_until_ready()
        wait_for(
            lambda: server.http.get("/v1/models/sample/versions/production").is_success,
            "the sample model",
        )
        ask = partial(server.http.get, f"{SAMPLE}.{extension}")
        before = _resident(server)
        return {
            "first: ms": 1000 * seconds(ask),
            "other theme: ms": 1000 * seconds(partial(ask, params={"theme": "dark"})),
            "again: ms": 1000 * seconds(ask),
            "api grows by: MiB": (_resident(server) - before) / MIB,
        }


def _all_of(server: Server, place: str, n_bytes: int) -> Row:
    watch = Watch(server)
    names = [each["figure"] for each in server.get(place)["figures"] if each["exists"]]
    with watch:
        taken = [seconds(_drawing(server, f"{place}/{name}.svg")) for name in names]
    slowest = Figure([max(taken)])
    return {
        "figures": Figure([len(names)]),
        "slowest: s": slowest,
        "all: s": Figure([sum(taken)]),
        "memory in tables": Figure([watch.growth / n_bytes]),
    }


def _drawing(server: Server, address: str) -> Callable[[], object]:
    return lambda: server.http.get(address).raise_for_status()


def _resident(server: Server) -> int:
    return int(server.family()[0].memory_info().rss)


def _row(taken: Sequence[Mapping[str, float]]) -> Row:
    return {what: Figure([each[what] for each in taken]) for what in taken[0]}


if __name__ == "__main__":
    main()
