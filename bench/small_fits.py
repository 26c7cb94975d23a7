"""Overhead of a small fit over HTTP beyond the library's own work, alone and eight at once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from itertools import chain, count
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import process_time
from typing import Final

import numpy as np
import pandas as pd

from bench.markdown import say, show
from bench.rounds import MEDIANS, Figure, seconds, take_turns
from bench.server import Server
from models import persistence
from models.algorithms import KMeans
from models.features import Feature
from models.profiling import profile_segments
from models.segmentation import fit
from service.engine.cluster import NICENESS

N, K, ROUNDS, MANY, AT_ONCE = 200, 4, 9, 25, 8
COLUMNS: Final = ("age", "income", "score", "visits")
HTTP, LIBRARY = "over HTTP", "the library alone"


def main() -> None:
    """Ask a service with two workers, and a process as theirs, in turns."""
    say(MEDIANS.format(ROUNDS))
    with (
        TemporaryDirectory() as directory,
        Server(Path(directory) / "home") as server,
        ProcessPoolExecutor(1, get_context("spawn"), os.nice, (NICENESS,)) as worker,
    ):
        server.wait_until_ready().put_csv("shop", draw().to_csv(index_label="customer_id"))
        alone = take_turns(_candidates(server, worker), ROUNDS)
        _show_alone(alone)
        show({"processor ms of one": _processor(server, worker)})
        _show_together(
            [_together(server, first=number * AT_ONCE) for number in range(ROUNDS)], alone[HTTP]
        )


def draw() -> pd.DataFrame:
    """Draw customers of four kinds."""
    rng = np.random.default_rng(7)
    kinds = [
        rng.normal(at, 1.0, (N // K, len(COLUMNS))) for at in rng.normal(0, 4, (K, len(COLUMNS)))
    ]
    return pd.DataFrame(np.round(np.concatenate(kinds), 4), columns=list(COLUMNS))


def learn(table: pd.DataFrame, seed: int) -> int:
    """Make all that a version stores; gives the bytes of its files."""
    features = [Feature(name=name, kind="numeric") for name in COLUMNS]
    made = fit(table, features, KMeans(), k=K, seed=seed)
    profile_segments(table, made.features, made.labels, k=K, seed=seed)
    return len(persistence.dump(made.pipeline)) + len(made.scorer.to_bytes())


def _candidates(server: Server, worker: ProcessPoolExecutor) -> dict[str, Callable[[], float]]:
    """Warm both up; the first version is learned as by a new model, the others follow it."""
    table, seeds = draw(), count(1)
    server.post("/v1/models", {"name": "shop", "dataset": "shop", "k": K}, wait=30)
    both = {
        HTTP: lambda: seconds(lambda: _fit(server, "shop", next(seeds))),
        LIBRARY: lambda: worker.submit(_timed, table, next(seeds)).result(),
    }
    take_turns(both, 4)
    return both


def _processor(server: Server, worker: ProcessPoolExecutor) -> dict[str, str]:
    """Give the processor time of a fit, by process; that of the library by itself beside it."""
    table, seeds, before = draw(), range(MANY), _times(server)
    for seed in seeds:
        _fit(server, "shop", seed)
    used = {name: time - before[name] for name, time in _times(server).items()}
    used[LIBRARY] = sum(worker.map(partial(_processor_time, table), seeds))
    return {name: f"{1000 * each / MANY:.0f}" for name, each in used.items()}


def _times(server: Server) -> dict[str, float]:
    api, engine, *others = (sum(process.cpu_times()[:2]) for process in server.family())
    return {"api": api, "engine": engine, "workers": sum(others)}


def _processor_time(table: pd.DataFrame, seed: int) -> float:
    began = process_time()
    learn(table, seed)
    return process_time() - began


def _timed(table: pd.DataFrame, seed: int) -> float:
    return seconds(partial(learn, table, seed))


def _fit(server: Server, model: str, seed: int) -> None:
    made = server.post(f"/v1/models/{model}/versions", {"seed": seed}, wait=30)
    if "version" not in made:
        raise RuntimeError(f"The fit was not finished: {made}")


def _show_alone(alone: dict[str, Figure]) -> None:
    beyond = Figure(
        [
            ours - plain
            for ours, plain in zip(*(each.rounds for each in alone.values()), strict=True)
        ]
    )
    show(
        {
            f"{N} x {len(COLUMNS)}, k = {K}: ms": {
                **_in_ms(alone),
                "HTTP beyond it": _in_ms({"": beyond})[""],
            }
        }
    )


def _in_ms(figures: dict[str, Figure]) -> dict[str, Figure]:
    return {
        name: Figure([1000 * each for each in figure.rounds]) for name, figure in figures.items()
    }


def _together(server: Server, first: int) -> list[float]:
    """Fit eight new models at once; gives the seconds of each."""
    names = [f"shop-{first + number}" for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as clients:
        return list(clients.map(lambda name: seconds(partial(_create, server, name)), names))


def _create(server: Server, name: str) -> None:
    server.post("/v1/models", {"name": name, "dataset": "shop", "k": K}, wait=30)


def _show_together(rounds: Sequence[Sequence[float]], one: Figure) -> None:
    p95 = quantiles(chain.from_iterable(rounds), n=20)[-1]
    cores = os.cpu_count() or 1
    allowed = AT_ONCE * median(one.rounds) / cores * 1.3
    row = {
        "median": median(chain.from_iterable(rounds)),
        "p95": p95,
        "8 x one / cores x 1.3": allowed,
    }
    show(
        {
            f"{AT_ONCE} fits at once: ms": {
                what: f"{1000 * value:.0f}" for what, value in row.items()
            }
        }
    )


if __name__ == "__main__":
    main()
