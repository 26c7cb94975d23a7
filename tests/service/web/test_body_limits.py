"""How much a request may send, and for how long."""

import asyncio
import json
import threading
from io import BytesIO

import httpx
import pyarrow as pa
import pytest
from pyarrow import csv, ipc, parquet
from starlette.concurrency import run_in_threadpool

from service.errors import MemoryBusy
from service.web import body_limits
from service.web.body_limits import (
    MAX_CONTENT_TYPE,
    MAX_LOOP_BYTES,
    MIN_SHARE,
    OBJECT_WEIGHT,
    TABLE_WEIGHT,
    BodyLimitMiddleware,
    BodyLimits,
    LimitedReceive,
)
from service.web.memory_budget import MemoryBudget
from tests.support.steps import fit, put_csv, running

CSV, NDJSON, JSON = "text/csv", "application/x-ndjson", "application/json"
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
SMALL = {
    "document_bytes": 500,
    "json_depth": 4,
    "table_bytes": 4_000,
    "table_rows": 12,
    "table_columns": 4,
    "table_cells": 40,
    "cell_characters": 100,
    "assignment_bytes": 300,
    "assignment_rows": 3,
    "body_seconds": 0.2,
    "fit_segments": 4,
    "fit_cells": 30,
    "fit_memory": 1000,
}
FORMATS = (CSV, NDJSON, JSON, PARQUET, ARROW)


@pytest.fixture(scope="module")
def client(at_home, tmp_path_factory):
    """A service with small limits, and a model of a few customers."""
    with running(at_home(tmp_path_factory.mktemp("limits"), **SMALL)) as client:
        put_csv(
            client, "sample", "a,b,c\n" + "".join(f"{n % 4},{n}.5,{n % 7}\n" for n in range(12))
        )
        fit(client, "sample", k=2, features=["a", "b"])
        yield client


def written(table, media_type):
    """Give the same table in any format."""
    body = BytesIO()
    if media_type == CSV:
        csv.write_csv(table, body)
    elif media_type == PARQUET:
        parquet.write_table(table, body)
    elif media_type == ARROW:
        with ipc.new_stream(body, table.schema) as writer:
            writer.write_table(table)
    else:
        rows = table.to_pylist()
        body.write(
            (
                "\n".join(map(json.dumps, rows))
                if media_type == NDJSON
                else json.dumps({"customers": rows})
            ).encode()
        )
    return body.getvalue()


def chunked(body):
    """Give a body part by part, without its length."""
    return (body[at : at + 50] for at in range(0, len(body), 50))


def put(client, body, media_type=CSV):
    return client.put("/v1/datasets/much", content=body, headers={"Content-Type": media_type})


def slug(answer):
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


@pytest.mark.parametrize("media_type", FORMATS)
@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table({"a": range(13)}), "12 rows"),
        (pa.table({name: [1] for name in "abcde"}), "at most 4"),
        (pa.table({name: range(11) for name in "abcd"}), "40 cells"),
    ],
    ids=["rows", "columns", "cells"],
)
def test_a_table_with_too_much_of_anything_is_refused_in_every_format(
    client, media_type, table, said
):
    answer = put(client, written(table, media_type), media_type)
    assert (slug(answer), said in answer.json()["detail"]) == ((422, "unreadable-body"), True)


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_cell_that_is_too_long_is_named_by_its_row_and_column(client, media_type):
    answer = put(
        client, written(pa.table({"a": ["x", "é" * 101, "é" * 100]}), media_type), media_type
    )
    assert answer.json()["errors"] == [{"row": 2, "detail": "'a' has more than 100 characters"}]


@pytest.mark.parametrize("sent", [bytes, chunked])
def test_a_table_of_too_many_bytes_is_refused(client, sent):
    assert slug(put(client, sent(b"a\n" + b"1\n" * 2_000))) == (413, "body-too-large")


@pytest.mark.parametrize("sent", [bytes, chunked])
def test_a_document_of_too_many_bytes_is_refused(client, sent):
    body = sent(json.dumps({"name": "x" * 500}).encode())
    assert slug(client.post("/v1/models", content=body, headers={"Content-Type": JSON})) == (
        413,
        "body-too-large",
    )


@pytest.mark.parametrize(
    ("customers", "expected"),
    [(3, (200, None)), (4, (422, "unreadable-body")), (40, (413, "body-too-large"))],
)
@pytest.mark.parametrize("media_type", [JSON, CSV])
def test_an_assignment_request_is_limited_in_customers(client, media_type, customers, expected):
    body = written(pa.table({"a": [1.0] * customers, "b": [2.25] * customers}), media_type)
    if media_type == CSV and expected[0] == 413:
        body *= 10
    answer = client.post(
        "/v1/models/sample/assignments", content=body, headers={"Content-Type": media_type}
    )
    assert (answer.status_code if answer.is_success else slug(answer)) == (
        200 if expected[0] == 200 else expected
    )


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/sample/assignments"])
def test_a_document_that_is_nested_too_deeply_is_refused(client, path):
    deep, quoted = ('{"customers": [{"a": ' + value + "}]}" for value in ("[[]]", '"[[[["'))
    answers = [
        client.post(path, content=body, headers={"Content-Type": JSON}) for body in (deep, quoted)
    ]
    assert ["deeper than 4" in answer.text for answer in answers] == [True, False]


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"k": 5, "features": ["a", "b"]}, 422, "k must be at most 4"),
        ({"k": 2, "features": ["a", "b", "c"]}, 422, "the limit of 30 cells"),
        (
            {
                "k": 2,
                "features": ["a"],
                "algorithm": {"name": "hierarchical", "linkage": "average"},
            },
            422,
            "Ward",
        ),
    ],
    ids=["segments", "cells", "memory"],
)
@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/sample/versions"])
def test_a_fit_beyond_the_limits_is_refused_without_a_job(client, path, asked, status, said):
    before = len(client.get("/v1/jobs").json()["jobs"])
    named = {"name": "large", "dataset": "sample"} if path == "/v1/models" else {}
    answer = client.post(path, json={**named, **asked})
    after = len(client.get("/v1/jobs").json()["jobs"])
    assert (answer.status_code, said in answer.text, after - before) == (status, True, 0)


def test_a_recommendation_from_too_many_cells_is_refused_before_there_is_a_job(client):
    answer = client.post("/v1/datasets/sample/recommendations", json={"features": ["a", "b", "c"]})
    assert (slug(answer), "the limit of 30 cells" in answer.text) == (
        (422, "too-many-customers"),
        True,
    )


@pytest.fixture(scope="module")
def limited_later(at_home, tmp_path_factory):
    """A service whose limits were larger while a tree was grown and cut."""
    home = tmp_path_factory.mktemp("limited-later")
    with running(at_home(home)) as client:
        put_csv(client, "sample", "a,b\n" + "".join(f"{n % 4},{n}.5\n" for n in range(12)))
        fit(client, "tree", algorithm={"name": "hierarchical"}, k=2, features=["a", "b"])
    with running(at_home(home, fit_memory=16 * 23, comparison_rows=11)) as client:
        yield client


def test_a_cut_beyond_the_limits_is_refused_without_a_job(limited_later):
    answer = limited_later.post("/v1/models/tree/versions/1/cuts", json={"k": 3})
    assert (slug(answer), "384 bytes, more than the limit of 368" in answer.text) == (
        (422, "too-many-customers"),
        True,
    )


@pytest.mark.parametrize("path", ["", "/figures", "/figures/moves.svg"])
def test_versions_are_not_compared_by_too_many_customers(limited_later, path):
    answer = limited_later.get(f"/v1/models/tree/comparison{path}", params={"from": "1"})
    assert (slug(answer), "the limit of 11" in answer.text) == ((422, "too-many-customers"), True)


def test_a_refused_body_closes_the_connection(client):
    assert put(client, b"a\n" * 2_001).headers["Connection"] == "close"


def test_a_response_before_the_body_was_read_closes_the_connection(client):
    assert client.post("/v1/nowhere", content=b"x").headers["Connection"] == "close"


def test_a_response_after_the_body_was_read_keeps_the_connection(client):
    assert "Connection" not in put(client, b"a\n1\n2\n").headers


def test_a_body_that_takes_too_long_is_refused(client):
    assert slug(asyncio.run(sent_slowly(client.app, "/v1/datasets/slow"))) == (
        408,
        "request-too-slow",
    )


def test_no_database_connection_is_held_while_a_body_is_received(client):
    """Slow senders, more than the pool has connections, delay no other request."""

    async def crowd():
        slow = [
            asyncio.ensure_future(sent_slowly(client.app, "/v1/models/sample/assignments"))
            for _ in range(60)
        ]
        await asyncio.sleep(0.05)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(client.app), base_url="http://127.0.0.1"
        ) as other:
            answer = await other.get("/v1/models")
        return answer.status_code, {each.status_code for each in await asyncio.gather(*slow)}

    assert asyncio.run(crowd()) == (200, {408})


async def sent_slowly(app, path):
    """Send a body that never ends."""

    async def trickle():
        while True:
            yield b"a"
            await asyncio.sleep(0.05)

    transport, headers = httpx.ASGITransport(app), {"Content-Type": CSV}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as sender:
        return await sender.request(
            "PUT" if "datasets" in path else "POST", path, content=trickle(), headers=headers
        )


def test_a_client_that_disconnects_while_sending_is_no_error():
    async def answered(scope, receive, send):  # noqa: ARG001 - ASGI
        from starlette.requests import Request  # noqa: PLC0415 - the one who notices

        await Request(scope, receive).body()

    async def gone():
        return {"type": "http.disconnect"}

    sent = []
    app = BodyLimitMiddleware(
        answered, BodyLimits(n_bytes=10, seconds=1, depth=1), MemoryBudget(100)
    )
    scope = {"type": "http", "headers": [(b"content-length", b"5")]}
    asyncio.run(app(scope, gone, sent.append))
    assert sent == []


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/sample/assignments"])
def test_a_media_type_that_is_too_long_is_refused_before_it_is_parsed(client, path):
    answer = client.post(
        path, content=b"{}", headers={"Content-Type": JSON + ";" * MAX_CONTENT_TYPE}
    )
    assert (slug(answer), "1,000 characters" in answer.json()["detail"]) == (
        (415, "unsupported-format"),
        True,
    )


ALLOWED = BodyLimits(n_bytes=1 << 20, seconds=9, depth=9)


async def read_whole(scope, receive, send):
    """Answer once the body was received; what is answered first says how it ended."""
    scope["received"] = (await receive())["type"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await scope["answering"].wait()
    await send({"type": "http.response.body"})


def ask(app, body, media_type=JSON):
    """Send a body to an app; gives the messages that are answered, and the request's scope."""
    answered, answering = [], asyncio.Event()
    scope = {
        "type": "http",
        "headers": [(b"content-type", media_type.encode()), (b"content-length", b"9")],
    }
    scope["answering"] = answering

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        answered.append(message)

    return asyncio.ensure_future(app(scope, receive, send)), answered, scope


SCOPE = {"type": "http", "headers": [(b"transfer-encoding", b"chunked")]}


def part_of(n_bytes):
    """Receive a part of a body that is not all of it."""

    async def receive():
        return {"type": "http.request", "body": bytes(n_bytes), "more_body": True}

    return receive


async def whole():
    """Receive a small body."""
    return {"type": "http.request", "body": b"x"}


def document(n_bytes):
    return b'"' + b"x" * (n_bytes - 2) + b'"'


def statuses(bodies, *, n_bytes, app=read_whole):
    """Send concurrent bodies to an app that holds the first responses until the last."""

    async def crowd():
        limits = BodyLimitMiddleware(app, ALLOWED, MemoryBudget(n_bytes, seconds=0.05))
        asked = [ask(limits, body) for body in bodies]
        await asyncio.sleep(0.2)
        for _, _, scope in asked:
            scope["answering"].set()
        await asyncio.gather(*(task for task, _, _ in asked))
        return [answered[0]["status"] for _, answered, _ in asked], asked[-1][1][0]["headers"]

    return asyncio.run(crowd())


async def hold_memory(scope, receive, send):
    """Receive the body, and answer late."""
    await receive()
    await scope["answering"].wait()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def test_bodies_beyond_the_shared_memory_wait_and_are_then_refused_with_retry_after():
    n_bytes = 2 * MAX_LOOP_BYTES
    found, headers = statuses(
        [document(n_bytes)] * 3, n_bytes=2 * n_bytes * OBJECT_WEIGHT, app=hold_memory
    )
    assert (found, (b"retry-after", b"2") in headers) == ([200, 200, 503], True)


def test_incomplete_bodies_hold_memory_for_the_received_bytes():
    async def half_sent():
        budget = MemoryBudget(6 * MAX_LOOP_BYTES, seconds=0.05)
        bodies = [
            LimitedReceive(SCOPE, part_of(2 * MAX_LOOP_BYTES), ALLOWED, budget) for _ in range(4)
        ]
        for body in bodies:
            body.allow_table(1 << 20, TABLE_WEIGHT)
            await body.receive()
        return [body.refusal for body in bodies]

    assert list(map(type, asyncio.run(half_sent()))) == [type(None)] * 3 + [MemoryBusy]


def test_a_body_larger_than_its_share_is_read_nevertheless():
    assert statuses([document(1 << 20)], n_bytes=1 << 10)[0] == [200]


def test_small_bodies_need_no_share():
    assert statuses([document(MAX_LOOP_BYTES)] * 50, n_bytes=1, app=hold_memory)[0] == [200] * 50


def test_a_compressed_table_reserves_memory_however_small_it_is():
    async def received():
        budget = MemoryBudget(300, seconds=0.05)
        bodies = [LimitedReceive(SCOPE, whole, ALLOWED, budget) for _ in range(3)]
        for body in bodies:
            body.allow_table(1 << 20, OBJECT_WEIGHT, unpacked_bytes=120)
            await body.receive()
        return [type(body.refusal) for body in bodies]

    assert asyncio.run(received()) == [type(None), type(None), MemoryBusy]


def held_by(sizes, *, n_bytes):
    """Acquire memory for decoded tables of concurrent requests, in worker threads."""
    budget = MemoryBudget(n_bytes, seconds=0.05)

    async def acquire(size):
        try:
            body = LimitedReceive(SCOPE, whole, ALLOWED, budget)
            await run_in_threadpool(body.acquire_decoded, size)
        except MemoryBusy:
            return "busy"
        return "held"

    async def crowd():
        return await asyncio.gather(*map(acquire, sizes))

    return asyncio.run(crowd())


def test_a_decoded_table_reserves_its_memory_however_small_its_body_is():
    assert sorted(held_by([60 * MIN_SHARE] * 2, n_bytes=100 * MIN_SHARE)) == ["busy", "held"]


def test_a_decoded_table_beyond_the_budget_waits_until_it_has_all_of_it():
    assert held_by([1000 * MIN_SHARE], n_bytes=100 * MIN_SHARE) == ["held"]
    assert sorted(held_by([1000 * MIN_SHARE, 2 * MIN_SHARE], n_bytes=100 * MIN_SHARE)) == [
        "busy",
        "held",
    ]


def test_small_decoded_tables_need_no_share():
    assert held_by([MIN_SHARE] * 5, n_bytes=1) == ["held"] * 5


def test_an_answer_that_is_read_slowly_holds_no_memory():
    n_bytes = 2 * MAX_LOOP_BYTES
    assert statuses([document(n_bytes)] * 9, n_bytes=2 * n_bytes * OBJECT_WEIGHT)[0] == [200] * 9


@pytest.mark.parametrize(
    ("n_bytes", "on_loop"), [(MAX_LOOP_BYTES, True), (MAX_LOOP_BYTES + 1, False)]
)
def test_larger_documents_are_searched_in_a_thread(monkeypatch, n_bytes, on_loop):
    found = []
    monkeypatch.setattr(
        body_limits, "check_depth", lambda *_: found.append(threading.current_thread())
    )
    assert statuses([document(n_bytes)], n_bytes=1 << 30)[0] == [200]
    assert [thread is threading.current_thread() for thread in found] == [on_loop]
