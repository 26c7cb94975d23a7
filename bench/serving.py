"""How fast customers are placed: one, and ten thousand in one request, beside the usual way."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.clients import Caller, milliseconds_each, requests_per_second
from bench.rounds import Figure, Measurement, take_turns
from bench.server import ROOT, Server, wait_for
from service.sample import draw_sample

INCOME, SCORE = "Annual Income (k$)", "Spending Score (1-100)"
MANY = 10_000
CONNECTIONS = 8
US, USUAL = "this service", "usual service"

Table = dict[str, dict[str, Figure]]


def measure_serving(server: Server) -> Table:
    """Measure both ways with the same pipeline and the same requests, in turns."""
    wait_for(lambda: server.http.get("/v1/models/sample/versions/production").is_success, "the sample model")
    with _usual(_download(server)) as usual:
        urls = {US: f"{str(server.http.base_url).rstrip('/')}/v1/models/sample/assignments", USUAL: usual}
        _check_agreement(server, urls)
        return {
            "one customer, one connection: ms": take_turns(_alone(urls)),
            f"one customer, {CONNECTIONS} connections: requests/s": take_turns(_side_by_side(urls)),
            f"{MANY:,} customers in one request: ms": take_turns(_in_bulk(urls)),
        }


def _alone(urls: Mapping[str, str]) -> dict[str, Measurement]:
    return {name: partial(milliseconds_each, Caller(url, _customers(1)), 200) for name, url in urls.items()}


def _side_by_side(urls: Mapping[str, str]) -> dict[str, Measurement]:
    callers = {name: [Caller(url, _customers(1)) for _ in range(CONNECTIONS)] for name, url in urls.items()}
    return {name: partial(requests_per_second, each, 2.0) for name, each in callers.items()}


def _in_bulk(urls: Mapping[str, str]) -> dict[str, Measurement]:
    return {name: partial(milliseconds_each, Caller(url, _customers(MANY)), 3) for name, url in urls.items()}


def _customers(n: int) -> dict[str, list[dict[str, float]]]:
    sample = draw_sample(n, seed=1)
    pairs = zip(sample.income.tolist(), sample.score.tolist(), strict=True)
    return {"customers": [{INCOME: income, SCORE: score} for income, score in pairs]}


def _check_agreement(server: Server, urls: Mapping[str, str]) -> None:
    """Compare answers first: the speed of a wrong one is worth nothing."""
    segments = server.get("/v1/models/sample/versions/production/segments")["segments"]
    index = {segment["segment"]: segment["index"] for segment in segments}
    ours = Caller(urls[US], _customers(MANY)).answer()["assignments"]
    if [index[each["segment"]] for each in ours] != Caller(urls[USUAL], _customers(MANY)).answer():
        raise RuntimeError("The two services do not place the customers alike")


def _download(server: Server) -> Path:
    path = server.home.with_name("pipeline.joblib")
    path.write_bytes(server.http.get("/v1/models/sample/versions/production/artifact").content)
    return path


@contextmanager
def _usual(pipeline: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.usual", str(pipeline)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        try:
            yield f"{process.stdout.readline().strip()}/assignments" if process.stdout else ""
        finally:
            process.terminate()
