"""Reader processes: whatever ends one is the body's fault, never the service's."""

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread, Timer

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from service.errors import Unavailable
from service.web.formats import UnreadableBody, read_table, reader_messages
from service.web.formats.reader_messages import ReaderMessage
from service.web.formats.reader_pool import INLINE_BYTES, ReaderFailed, ReaderPool
from tests.support.waiting import alive, eventually

pytestmark = pytest.mark.processes

PARQUET = "application/vnd.apache.parquet"


def parquet(n_rows=2):
    sink = io.BytesIO()
    pq.write_table(
        pa.table(
            {"id": [f"c{row}" for row in range(n_rows)], "x": [row / 7 for row in range(n_rows)]}
        ),
        sink,
    )
    return sink.getvalue()


BODY, LARGE = parquet(), parquet(200_000)
assert len(BODY) < INLINE_BYTES < len(LARGE)


def read(pool, body=BODY):
    return read_table(io.BytesIO(body), PARQUET, readers=pool)


@pytest.fixture
def pool():
    with ReaderPool(max_processes=1) as pool:
        read(pool)
        yield pool


def process_of(pool):
    """The id of the one process that waits for the next body."""
    [process] = pool._idle
    return process._child.pid


def end_while_reading(pool, *signals):
    """Have the process stopped as it gets a body, and send it signals a little later."""
    process = process_of(pool)
    os.kill(process, signal.SIGSTOP)
    timer = Timer(0.3, lambda: [os.kill(process, each) for each in signals])
    timer.start()
    try:
        read(pool)
    finally:
        timer.join()


@pytest.mark.parametrize("body", [BODY, LARGE], ids=["small", "large"])
def test_a_body_of_any_size_is_read_as_it_was_written(pool, body):
    assert read(pool, body).equals(pq.read_table(io.BytesIO(body)))


def test_a_file_on_disk_is_read_from_its_start(pool, tmp_path):
    (tmp_path / "body").write_bytes(LARGE)
    with (tmp_path / "body").open("r+b") as file:
        file.seek(1000)
        assert read_table(file, PARQUET, readers=pool).num_rows == 200_000


def test_one_process_reads_one_body_after_the_other(pool):
    first = process_of(pool)
    read(pool, LARGE)
    assert process_of(pool) == first


@pytest.mark.parametrize(
    "signals",
    [[signal.SIGSEGV, signal.SIGCONT], [signal.SIGABRT, signal.SIGCONT], [signal.SIGKILL]],
)
def test_a_body_that_ends_its_process_is_refused_and_the_next_one_is_read(pool, signals):
    with pytest.raises(UnreadableBody, match="ended the process"):
        end_while_reading(pool, *signals)
    assert read(pool).num_rows == 2


def test_a_body_that_takes_too_long_is_refused_its_process_ended_and_the_next_one_read():
    with ReaderPool(seconds=1) as pool:
        read(pool)
        process = process_of(pool)
        with pytest.raises(UnreadableBody, match="1 seconds"):
            end_while_reading(pool)
        assert not alive(process)
        assert read(pool).num_rows == 2


def test_a_process_that_ended_while_it_had_nothing_to_do_costs_no_body(pool):
    os.kill(process_of(pool), signal.SIGKILL)
    assert eventually(lambda: not pool._idle[0].is_alive)
    assert read(pool).num_rows == 2


def test_bodies_beyond_the_processes_wait_for_their_turn(pool):
    tables = []
    threads = [Thread(target=lambda: tables.append(read(pool, LARGE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [table.num_rows for table in tables] == [200_000] * 4


def test_a_body_that_waits_too_long_is_refused_as_retryable():
    with ReaderPool(max_processes=1, seconds=0.1) as pool, pool._free, pytest.raises(Unavailable):
        read(pool)


def test_a_closed_pool_leaves_no_process(pool):
    process = process_of(pool)
    pool.close()
    assert not alive(process)


def test_a_process_gets_no_settings_and_no_credentials(monkeypatch):
    monkeypatch.setenv("SEGMENTATION_SIGNING_KEY", "s" * 32)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with ReaderPool() as pool:
        read(pool)
        environment = Path(f"/proc/{process_of(pool)}/environ").read_bytes()
    assert not {b"SEGMENTATION", b"AWS"} & set(re.split(rb"[\0_=]", environment))


PARENT = """
import io, sys, time
from service.web.formats import ReaderPool, read_table
pool = ReaderPool()
read_table(io.BytesIO(sys.stdin.buffer.read()), "application/vnd.apache.parquet", readers=pool)
print(pool._idle[0]._child.pid, flush=True)
time.sleep(60)
"""


def test_a_process_ends_with_the_one_that_started_it():
    parent = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        parent.stdin.write(BODY)
        parent.stdin.close()
        child = int(parent.stdout.readline())
        parent.kill()
    assert eventually(lambda: not alive(child))


def answer_with(monkeypatch, header, payload=b""):
    answer = ReaderMessage(header, memoryview(payload), None)
    monkeypatch.setattr(reader_messages, "receive", lambda _: answer)


def test_an_answer_with_other_than_raw_columns_is_refused(pool, monkeypatch):
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, pa.schema({"x": pa.list_(pa.int8())})):
        pass
    answer_with(monkeypatch, {}, sink.getvalue())
    with pytest.raises(ReaderFailed):
        read(pool)


def test_an_error_of_our_own_is_no_fault_of_the_body(pool, monkeypatch):
    answer_with(monkeypatch, {"failed": "AttributeError in _raw (1)"})
    with pytest.raises(ReaderFailed, match="AttributeError"):
        read(pool)


def test_a_disk_that_is_full_is_no_fault_of_the_body(pool, monkeypatch):
    answer_with(monkeypatch, {"errno": errno.ENOSPC})
    with pytest.raises(OSError, match="space"):
        read(pool)


def test_every_operation_with_a_table_body_uses_the_reader_pool(sampled, monkeypatch):
    monkeypatch.setattr(
        ReaderPool, "read", lambda pool, *_: refuse_in(pool is sampled.app.state.services.readers)
    )
    for method, path, described in operations(sampled):
        if PARQUET in described.get("requestBody", {}).get("content", {}):
            address = path.format(dataset="sample", model="sample", version=1)
            answer = sampled.request(
                method, address, content=BODY, headers={"Content-Type": PARQUET}
            )
            assert answer.json()["detail"] == "read by the pool", (method, path)


def refuse_in(is_pool):
    raise UnreadableBody("read by the pool" if is_pool else "read elsewhere")


def operations(client):
    paths = client.get("/openapi.json").json()["paths"]
    return [
        (method, path, described)
        for path, methods in paths.items()
        for method, described in methods.items()
    ]


def test_a_body_that_kills_its_process_is_answered_422_and_the_api_continues(sampled, name):
    def put():
        return sampled.put(
            f"/v1/datasets/{name}", content=parquet(), headers={"Content-Type": PARQUET}
        )

    assert put().is_success
    process = process_of(sampled.app.state.services.readers)
    os.kill(process, signal.SIGSTOP)
    timer = Timer(0.3, os.kill, (process, signal.SIGKILL))
    timer.start()
    refused = put()
    timer.join()
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/unreadable-body")
    assert put().is_success


def test_a_process_with_an_invalid_answer_is_not_used_again(pool, monkeypatch):
    process = process_of(pool)
    with monkeypatch.context() as broken:
        broken.setattr(reader_messages, "receive", lambda _: json.loads("half of an answ"))
        with pytest.raises(ValueError, match="Expecting"):
            read(pool)
    assert not alive(process)
    assert read(pool).num_rows == 2


@pytest.mark.parametrize("limit", [2**40, 2**80])
def test_memory_is_limited_by_any_setting(limit):
    code = f"from service.web.formats.reader_process import limit_memory; limit_memory({limit})"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own command
