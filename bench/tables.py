"""Time of the calls on a large table, and their memory above that of an idle service."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from bench.markdown import say, show
from bench.memory import Watch
from bench.rounds import MEDIANS, ROUNDS, Figure, seconds
from bench.server import Server

N, UPSERTED = 2_000_000, 1_000
PATH, RUNS = "/v1/datasets/large", "/v1/models/large-1/versions/1/assignment-runs"
FEATURES = ["revenue", "basket", "orders", "visits", "income", "country", "channel"]
PARQUET, CSV = "application/vnd.apache.parquet", "text/csv"
COUNTRIES, CHANNELS = ["DE", "ES", "FR", "IT", "PL"], ["online", "phone", "shop"]

Call = Callable[[], object]


def main() -> None:
    """Measure a service of its own."""
    say(MEDIANS.format(ROUNDS))
    with TemporaryDirectory() as directory, Server(Path(directory) / "home") as server:
        show(measure_tables(server.wait_until_ready()))


def measure_tables(server: Server) -> dict[str, dict[str, Figure]]:
    """Measure each call once per round; its memory in multiples of the table's size in Arrow."""
    table = draw_table(N)
    watch, calls = Watch(server), _calls(server, table)
    taken = [
        {what: _measure(call, watch, table.nbytes) for what, call in calls.items()}
        for _ in range(ROUNDS)
    ]
    return {
        what: {name: Figure([each[what][name] for each in taken]) for name in taken[0][what]}
        for what in calls
    }


def _measure(call: Call, watch: Watch, size: int) -> dict[str, float]:
    with watch:
        took = seconds(call)
    return {
        "s": took,
        "tables in memory": watch.needed / size,
        "with what is kept": watch.growth / size,
    }


def _calls(server: Server, table: pa.Table) -> dict[str, Call]:
    def send(method: str, path: str, media_type: str, body: bytes) -> Call:
        return partial(server.send, method, f"{PATH}{path}", body, media_type)

    parquet, text = as_parquet(table), _csv(table)
    shape = f"{table.num_rows:,} x {table.num_columns}"
    return {
        f"PUT {shape} as Parquet, {len(parquet) >> 20} MiB": send("PUT", "", PARQUET, parquet),
        f"PUT {shape} as CSV, {len(text) >> 20} MiB": send("PUT", "", CSV, text),
        f"upsert of {UPSERTED:,}, half of them new": send(
            "POST", "/customers", CSV, _csv(_patch(table))
        ),
        "summary": partial(server.get, f"{PATH}/summary"),
        "all customers as Parquet": lambda: (
            server.http.get(f"{PATH}/customers", headers={"Accept": PARQUET}).content
        ),
        **_jobs(server),
    }


def _jobs(server: Server) -> dict[str, Call]:
    """Fit a new model in each round, and place all customers by it."""
    names = (f"large-{n}" for n in count(1))
    asked = {"dataset": "large", "k": 6, "features": FEATURES}

    def fit(algorithm: str) -> Call:
        return lambda: server.worked(
            "/v1/models", {**asked, "name": next(names), "algorithm": {"name": algorithm}}
        )

    return {
        "a fit by K-Means, from the request to the version": fit("kmeans"),
        "a hierarchical fit": fit("hierarchical"),
        "placing all customers by a version, as a job": lambda: server.worked(
            RUNS, {"dataset": "large"}
        ),
    }


def draw_table(n: int) -> pa.Table:
    """Draw customers of a shop: an id, seven numbers, of which one has gaps, and two categories."""
    draw = np.random.default_rng(0)
    amounts = {name: draw.lognormal(3, 1, n).round(2) for name in ("revenue", "basket", "discount")}
    counts = {
        name: draw.poisson(mean, n).astype(float)
        for name, mean in (("orders", 4), ("visits", 40), ("returns", 1))
    }
    income = pa.array(draw.normal(50_000, 15_000, n).round(), mask=draw.random(n) < 0.05)  # noqa: PLR2004 - a twentieth is missing
    words = {"country": draw.choice(COUNTRIES, n), "channel": draw.choice(CHANNELS, n)}
    return pa.table({"customer_id": _ids("C", n), **amounts, **counts, "income": income, **words})


def _patch(table: pa.Table) -> pa.Table:
    known = table.slice(table.num_rows // 2, UPSERTED // 2)
    return pa.concat_tables([known, known.set_column(0, "customer_id", _ids("N", known.num_rows))])


def _ids(letter: str, n: int) -> pa.Array:
    return pa.array([f"{letter}{row:07d}" for row in range(n)])


def as_parquet(table: pa.Table) -> bytes:
    """Write a table as Parquet."""
    file = BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def _csv(table: pa.Table) -> bytes:
    file = BytesIO()
    csv.write_csv(table, file)
    return file.getvalue()


if __name__ == "__main__":
    main()
