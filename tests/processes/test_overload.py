"""Too much, too slowly, and an end in the middle of it all."""

import io
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.server import Server, wait_for
from service.server.uvicorn_server import GRACE_SECONDS
from tests.processes.abusive_clients import api_of, crowd, good_client, most_memory, refused_upload
from tests.processes.long_fits import LONG

pytestmark = pytest.mark.processes

MEBIBYTE = 1 << 20
DEADLINE = 3
PARQUET = "application/vnd.apache.parquet"
NOWHERE = "tcp://127.0.0.1:9"
LIMITS = {
    "table_bytes": str(10 * MEBIBYTE),
    "head_seconds": str(DEADLINE),
    "body_seconds": str(DEADLINE),
}


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A server that takes ten megabytes and has three seconds.

    It has no jobs, and so no engine of its own.
    """
    with Server(
        tmp_path_factory.mktemp("floods") / "home", engine_address=NOWHERE, **LIMITS
    ) as server:
        server.http.get("/v1/models")
        yield server


@pytest.fixture
def n_slow(pytestconfig):
    return 400 if pytestconfig.getoption("--soak") else 60


@pytest.mark.parametrize("chunked", [False, True], ids=["content-length", "chunked"])
def test_a_hundred_megabytes_are_refused_before_they_are_there(limited, chunked, reached):
    refused_upload(limited, chunked=chunked)
    with most_memory(api_of(limited)) as used:
        answer, seconds = refused_upload(limited, chunked=chunked)
    how = "chunked" if chunked else "of a stated length"
    reached(f"100 MB {how}: milliseconds until 413", seconds * 1000, at_most=100)
    reached(f"100 MB {how}: MiB more memory", used[0] / MEBIBYTE, at_most=32)
    assert (answer.split()[1], used[0] <= 32 * MEBIBYTE) == (b"413", True)


def repeated(text, n_rows):
    """Write a Parquet file that names one text again and again; it is hundreds of bytes long."""
    body = io.BytesIO()
    texts = pa.array([text]).take(pa.array(np.zeros(n_rows, np.int32)))
    pq.write_table(pa.table({"id": range(n_rows), "note": texts}), body, compression="zstd")
    return body.getvalue()


@pytest.fixture(scope="module")
def tight(tmp_path_factory):
    """A server whose tables may unpack to 128 MiB, in a budget of as much as one of them takes."""
    home = tmp_path_factory.mktemp("tight") / "home"
    sizes = {"table_memory": str(128 * MEBIBYTE), "body_memory": str(512 * MEBIBYTE)}
    with Server(home, engine_address=NOWHERE, **sizes) as server:
        server.send("PUT", "/v1/datasets/first", repeated("x", 1000), PARQUET)
        yield server


def put_parquet(server, body):
    return server.http.put(
        "/v1/datasets/much", content=body, headers={"Content-Type": PARQUET}
    ).status_code


def test_a_small_file_that_unpacks_beyond_the_limit_costs_the_api_nothing(tight, reached):
    body = repeated("x" * 20_000, 10_000)
    with most_memory(api_of(tight)) as used:
        status = put_parquet(tight, body)
    reached("unpacks to 200 MB: MiB more memory of the api", used[0] / MEBIBYTE, at_most=32)
    assert (status, used[0] <= 32 * MEBIBYTE) == (422, True)


def test_tables_that_are_stored_at_once_stay_within_the_memory_of_all_bodies(tight, reached):
    body = repeated("x" * 10_000, 10_000)
    with most_memory(api_of(tight)) as used, ThreadPoolExecutor(4) as callers:
        statuses = list(callers.map(lambda _: put_parquet(tight, body), range(4)))
    reached("4 x 100 MB unpacked: MiB more memory of the api", used[0] / MEBIBYTE, at_most=576)
    assert ({*statuses} <= {200, 201, 503}, used[0] <= 576 * MEBIBYTE) == (True, True)


def test_slow_senders_are_hung_up_on_and_others_are_answered(limited, n_slow, reached):
    with good_client(limited) as took:
        lives = list(crowd(limited, n_slow))
    reached(
        "slow senders: seconds beyond their deadline",
        max(lives) - DEADLINE,
        at_most=1,
        times=n_slow,
    )
    reached(
        "slow senders: p99 of a good client's milliseconds",
        np.percentile(took, 99),
        at_most=100,
        times=len(took),
    )
    assert (len(lives), max(lives) < DEADLINE + 5) == (n_slow, True)


def test_the_request_to_end_loses_no_request(tmp_path, many_customers, reached):
    """Whoever was let in is answered, even one who still waits for a job."""
    with Server(tmp_path / "home", workers="1") as server, ThreadPoolExecutor(8) as callers:
        server.wait_until_ready().put_csv("many", many_customers)
        waiting = [callers.submit(_fit_slowly, server, f"slow-{n}") for n in range(8)]
        wait_for(
            lambda: len(server.get("/v1/jobs")["jobs"]) == len(waiting), "all requests to be let in"
        )
        asked = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        statuses = [each.result() for each in waiting]
        code, seconds = server.process.wait(timeout=60), time.monotonic() - asked
    reached("asked to end under load: seconds until gone", seconds, at_most=GRACE_SECONDS)
    reached(
        "asked to end under load: requests lost",
        sum(status not in {201, 202} for status in statuses),
        times=8,
    )
    assert (code, {*statuses} <= {201, 202}, seconds < GRACE_SECONDS + 15) == (0, True, True)


def _fit_slowly(server, name):
    body = {"name": name, "dataset": "many", "k": 12, "algorithm": LONG}
    return httpx.post(
        f"{str(server.http.base_url).rstrip('/')}/v1/models",
        json=body,
        headers={"Prefer": "wait=4"},
        timeout=60,
    ).status_code
