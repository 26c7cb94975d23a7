"""How near placing customers comes to the server's own limit.

With a key, limits, metrics and a line in the log.

Run as `python -m bench.hot_path`, or as a part of `python -m bench`, which writes it down.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
from pyarrow import ipc

from bench.lines import Shot, answer_of, fire
from bench.markdown import say, show
from bench.peers import mlflow, mlserver
from bench.rounds import MEDIANS, ROUNDS, Figure, take_turns
from bench.server import ROOT, Server, wait_for
from bench.wrk import has_wrk, requests_per_second
from service.sample import draw_sample

INCOME, SCORE = "Annual Income (k$)", "Spending Score (1-100)"
US, RAW, USUAL = "this service", "raw uvicorn", "usual service"
TWO: Final = "this service, two processes"
MLFLOW, MLSERVER = "MLflow", "MLServer"
JSON, ARROW = "application/json", "application/vnd.apache.arrow.stream"
MANY: Final = 10_000
SIZES: Final = (1, 100, MANY)
WITHIN: Final = 1.0  # seconds
SETTINGS: Final = {"requests_per_minute": "1000000000"}
Table = dict[str, dict[str, Figure]]
Shots = Mapping[str, Shot]


def measure_hot_path(server: Server, directory: Path, key: str) -> Table:
    """Measure the service beside peers with the same pipeline, after comparing their answers."""
    wait_for(lambda: _has_model(server, key), "the sample model")
    pipeline = directory / "pipeline.joblib"
    artifact = server.http.get(
        "/v1/models/sample/versions/production/artifact", headers=_bearer(key)
    )
    pipeline.write_bytes(artifact.content)
    with ExitStack() as stack:
        urls = {US: _assignments(server), RAW: f"{stack.enter_context(started('bench.raw'))}/"}
        urls[USUAL] = f"{stack.enter_context(started('bench.usual', str(pipeline)))}/assignments"
        peers = {MLFLOW: mlflow, MLSERVER: mlserver}
        found = {
            name: stack.enter_context(serve(pipeline, directory)) for name, serve in peers.items()
        }
        urls |= {name: url for name, url in found.items() if url}
        _check(_shots(urls, key, MANY), server, key)
        return _measured(urls, key)


def _measured(urls: Mapping[str, str], key: str) -> Table:
    one = _shots(urls, key, 1)
    table = {
        "1 row, 32 connections: requests/s": _take_turns(one, 32, "per_second"),
        "the same, each with an id of its own": _take_turns(_numbered(one), 32, "per_second"),
        "1 row, 32 connections: p99 in ms": _take_turns(one, 32, "slowest_percent"),
        "1 row, 1 connection: p50 in ms": _take_turns(one, 1, "milliseconds"),
    }
    for n in SIZES[1:]:
        table[f"{n:,} rows: requests/s"] = _take_turns(_shots(urls, key, n), 1, "per_second")
    arrow = {US: _arrow(urls[US], key)}
    table[f"{MANY:,} rows as Arrow, both ways: requests/s"] = _take_turns(arrow, 1, "per_second")
    return table


def measure_two_processes(server: Server, directory: Path, key: str) -> Table:
    """Measure a service of two processes beside one of one process."""
    home = directory / "two"
    with Server(home, "--sample", "--processes", "2", **SETTINGS) as other:
        wait_for(
            lambda: other.http.get("/v1/models/sample/versions/production").is_success,
            "the sample model of two processes",
        )
        one = _shots({US: _assignments(server)}, key, 1)[US]
        two = _shots({US: _assignments(other)}, make_key(home), 1)[US]
        measure = partial(requests_per_second, directory=directory, connections=32)
        candidates = {US: partial(measure, one), TWO: partial(measure, two)}
        return {"1 row, 32 connections of wrk: requests/s": take_turns(candidates)}


def _assignments(server: Server) -> str:
    return f"{str(server.http.base_url).rstrip('/')}/v1/models/sample/assignments"


def _take_turns(shots: Shots, connections: int, figure: str) -> dict[str, Figure]:
    def measure(shot: Shot) -> float:
        return float(getattr(fire(shot, connections=connections, within=WITHIN), figure)())

    return take_turns({name: partial(measure, shot) for name, shot in shots.items()})


def _shots(urls: Mapping[str, str], key: str, n: int) -> dict[str, Shot]:
    pairs = _customers(n)
    customers = json.dumps(
        {"customers": [{INCOME: income, SCORE: score} for income, score in pairs]}
    ).encode()
    split = json.dumps({"dataframe_split": {"columns": [INCOME, SCORE], "data": pairs}}).encode()
    headers = {"Content-Type": JSON}
    shots = {name: Shot(url=url, body=customers, headers=headers) for name, url in urls.items()}
    shots[US] = Shot(url=urls[US], body=customers, headers={**headers, **_bearer(key)})
    for name, body in ((MLFLOW, split), (MLSERVER, _columns(pairs))):
        if name in urls:
            shots[name] = Shot(url=urls[name], body=body, headers=headers)
    return shots


def _numbered(shots: Shots) -> Shots:
    """Vary the request heads of the fastest peers, since equal heads may be cached."""
    return {name: replace(shots[name], is_numbered=True) for name in (US, RAW)}


def _columns(pairs: Sequence[tuple[float, float]]) -> bytes:
    """Write customers as the V2 protocol has a table."""
    inputs = [
        {"name": name, "shape": [len(cells), 1], "datatype": "FP64", "data": cells}
        for name, cells in zip((INCOME, SCORE), zip(*pairs, strict=True), strict=True)
    ]
    return json.dumps({"parameters": {"content_type": "pd"}, "inputs": inputs}).encode()


def _arrow(url: str, key: str) -> Shot:
    income, score = zip(*_customers(MANY), strict=True)
    table = pa.table({INCOME: pa.array(income, pa.float64()), SCORE: pa.array(score, pa.float64())})
    body = BytesIO()
    with ipc.new_stream(body, table.schema) as writer:
        writer.write_table(table)
    return Shot(
        url=url,
        body=body.getvalue(),
        headers={"Content-Type": ARROW, "Accept": ARROW, **_bearer(key)},
    )


def _customers(n: int) -> list[tuple[float, float]]:
    sample = draw_sample(n, seed=1)
    return list(zip(sample.income.tolist(), sample.score.tolist(), strict=True))


def _check(shots: Shots, server: Server, key: str) -> None:
    """Compare answers first: the speed of a wrong one is worth nothing."""
    address = "/v1/models/sample/versions/production/segments"
    segments = server.http.get(address, headers=_bearer(key)).json()["segments"]
    index = {segment["segment"]: segment["index"] for segment in segments}
    placed = [index[each["segment"]] for each in json.loads(answer_of(shots[US]))["assignments"]]
    theirs = {USUAL: json.loads(answer_of(shots[USUAL]))}
    if MLFLOW in shots:
        theirs[MLFLOW] = json.loads(answer_of(shots[MLFLOW]))["predictions"]
    if MLSERVER in shots:
        theirs[MLSERVER] = json.loads(answer_of(shots[MLSERVER]))["outputs"][0]["data"]
    arrow = ipc.open_stream(answer_of(_arrow(shots[US].url, key))).read_all()
    theirs["the same as Arrow"] = [index[segment] for segment in arrow["segment"].to_pylist()]
    for name, answer in theirs.items():
        if answer != placed:
            raise RuntimeError(f"{name} does not place the customers alike")


def _has_model(server: Server, key: str) -> bool:
    return server.http.get("/v1/models/sample/versions/production", headers=_bearer(key)).is_success


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@contextmanager
def started(module: str, *arguments: str) -> Iterator[str]:
    """Start a peer, a module that prints its address; leaving the block ends it."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def make_key(home: Path, scope: str = "read", **settings: str) -> str:
    """Make a key for a service that is running with these settings."""
    command = [
        sys.executable,
        "-m",
        "service",
        "keys",
        "create",
        "--name",
        "bench",
        "--scope",
        scope,
    ]
    named = {f"SEGMENTATION_{name.upper()}": value for name, value in settings.items()}
    env = os.environ | {"SEGMENTATION_HOME": str(home)} | named
    made = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True, text=True)  # noqa: S603 - our own command
    return next(word for word in made.stdout.split() if word.startswith("csk_"))


def main() -> None:
    """Measure the hot path alone."""
    say(MEDIANS.format(ROUNDS))
    with TemporaryDirectory() as directory:
        place = Path(directory)
        with Server(place / "home", "--sample", **SETTINGS) as server:
            server.wait_until_ready()
            wait_for(
                lambda: server.http.get("/v1/models/sample/versions/production").is_success,
                "the sample model",
            )
            key = make_key(server.home)
            show(measure_hot_path(server, place, key))
            if has_wrk():
                show(measure_two_processes(server, place, key))


if __name__ == "__main__":
    main()
