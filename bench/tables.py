"""How long large tables take from the request to the answer, and how much memory the service needs for them."""

from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from bench.memory import Watch
from bench.rounds import Figure, seconds
from bench.server import Server

N, UPSERTED, ROUNDS = 2_000_000, 1_000, 3
PATH = "/v1/datasets/large"

Call = Callable[[], object]


def measure_tables(server: Server) -> dict[str, dict[str, Figure]]:
    """Time each call, and take how much the memory of all processes grows meanwhile, in turns."""
    table = _draw_table()
    watch = Watch(server)
    calls = _calls(server, table)
    taken = {what: ([], []) for what in calls}
    for _ in range(ROUNDS):
        for what, call in calls.items():
            with watch:
                taken[what][0].append(seconds(call))
            taken[what][1].append(watch.growth / table.nbytes)
    return {what: {"s": Figure(times), "memory / Arrow size": Figure(sizes)} for what, (times, sizes) in taken.items()}


def _calls(server: Server, table: pa.Table) -> Mapping[str, Call]:
    parquet, csv = _parquet(table), _csv(table)
    some = table.slice(N - UPSERTED // 2, UPSERTED // 2)
    others = some.set_column(0, "customer_id", pa.array([f"N{n:07d}" for n in range(len(some))]))
    patch = _csv(pa.concat_tables([some, others]))
    shape = f"{N:,} x {table.num_columns}"
    return {
        f"PUT {shape} as Parquet ({len(parquet) >> 20} MiB)": partial(
            _send, server, "PUT", "", parquet, "application/vnd.apache.parquet"
        ),
        f"PUT {shape} as CSV ({len(csv) >> 20} MiB)": partial(_send, server, "PUT", "", csv, "text/csv"),
        f"upsert of {UPSERTED:,} customers": partial(_send, server, "POST", "/customers", patch, "text/csv"),
        "summary": partial(server.get, f"{PATH}/summary"),
    }


def _send(server: Server, method: str, path: str, body: bytes, media_type: str) -> None:
    answer = server.http.request(method, f"{PATH}{path}", content=body, headers={"Content-Type": media_type})
    if not answer.is_success:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")


def _draw_table() -> pa.Table:
    draw = np.random.default_rng(0)
    ids = pa.array([f"C{n:07d}" for n in range(N)])
    amounts = {name: draw.lognormal(3, 1, N).round(2) for name in ("revenue", "basket", "discount")}
    counts = {name: draw.poisson(mean, N) for name, mean in (("orders", 4), ("visits", 40), ("returns", 1))}
    income = pa.array(draw.normal(50_000, 15_000, N).round(), mask=draw.random(N) < 0.05)
    words = {name: pa.array(draw.choice(values, N)) for name, values in WORDS.items()}
    return pa.table({"customer_id": ids, **amounts, **counts, "income": income, **words})


WORDS = {"country": ["DE", "FR", "IT", "ES", "PL"], "channel": ["shop", "online", "phone"]}


def _parquet(table: pa.Table) -> bytes:
    sink = BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _csv(table: pa.Table) -> bytes:
    sink = BytesIO()
    arrow_csv.write_csv(table, sink)
    return sink.getvalue()
