"""The fast path of assignments answers as the routes do, and nothing unusual is lost on it."""

import asyncio
import json
from dataclasses import replace
from functools import partial
from io import BytesIO

import httpx
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import ipc, parquet

from service.assignments.fast_path import MAX_SCALAR_ROWS, AssignmentFastPath
from service.assignments.model_cache import ModelCache
from service.assignments.schemas import AssignmentResults
from service.auth.key_cache import KeyCache
from service.auth.middleware import AuthMiddleware, authenticate_as
from service.auth.rate_limit import RateLimiter
from service.principals import LOCAL_ADMIN
from service.web.body_limits import BodyLimitMiddleware, BodyLimits
from service.web.http_protocol import HttpProtocol
from service.web.memory_budget import MemoryBudget
from service.web.pipeline_queue import PipelineQueue
from tests.support.fakes import teapot
from tests.support.steps import INCOME, SCORE, fit, listening, place, port_of, put_csv, refit

pytestmark = pytest.mark.slow

JSON = "application/json"
ALLOWANCE = BodyLimits(n_bytes=1000, seconds=9, depth=9)
HERE = {INCOME: 60, SCORE: 50}
FULL = {"Gender": "Female", "Age": 30, **HERE}
MODELS = {
    "plain": {},
    "all-columns": {"k": 4, "features": None},
    "one-segment": {"k": 1, "features": None},
    "tree": {"k": 4, "features": None, "algorithm": {"name": "hierarchical"}},
    "marked": {"k": 2, "dataset": "marked", "features": ["size", "town"]},
}
MARKED = "No;size;town\n" + "".join(
    f"{n};{n % 31 if n % 7 else 'n/a'};{('Ulm', '-', 'Bonn')[n % 3]}\n" for n in range(90)
)
SCHEMA = {
    "columns": {"size": {"kind": "numeric", "missing": ["n/a", "999"]}, "town": {"missing": ["-"]}}
}

names = st.sampled_from(
    [
        "customer_id",
        "CustomerID",
        "No",
        "Gender",
        "Age",
        INCOME,
        SCORE,
        "size",
        "town",
        "besides",
        "Straße",
        "a\x00",
    ]
)
usual_cell = st.one_of(
    st.integers(0, 120),
    st.floats(-1e3, 1e3),
    st.sampled_from(["Female", "Male", "Elf", "7", "Ulm"]),
    st.none(),
)
strange_cell = st.one_of(
    st.sampled_from(
        [
            True,
            "",
            " 7 ",
            "1e3",
            "n/a",
            "-",
            "999",
            999,
            ".",
            "x" * 300,
            "a\nb",
            "\ud800",
            2**53 + 1,
            10**25,
        ]
    ),
    st.sampled_from([10**400, float("nan"), float("inf"), -0.0, 1e300, [1], {"a": 1}]),
    st.text(max_size=5),
    st.integers(),
    st.floats(),
)
usual_customer = st.fixed_dictionaries(
    {},
    optional={
        "customer_id": st.integers(1, 99),
        "Gender": usual_cell,
        "Age": usual_cell,
        INCOME: usual_cell,
    },
)
customer = st.one_of(usual_customer, st.dictionaries(names, usual_cell | strange_cell, max_size=6))
query = st.sampled_from(
    ["", "atomic=true", "explain=true", "format=csv", "format=json", "format=nothing"]
)


@pytest.fixture(scope="module")
def client(sampled):
    put_csv(sampled, "marked", MARKED, schema=json.dumps(SCHEMA), customer_id="No")
    for name, asked in MODELS.items():
        fit(sampled, name, **asked)
    return sampled


def fast_path_alone(client):
    """Build the fast path of a service; requests that it passes on are answered 418."""
    parts = client.app.state.services
    road = AssignmentFastPath(teapot, services=parts, model_cache=ModelCache(parts.stores))
    return BodyLimitMiddleware(authenticate_as(road, LOCAL_ADMIN), ALLOWANCE, MemoryBudget(100))


@pytest.fixture(scope="module")
def short(client):
    """The short road alone: what is handed on from it is answered 418."""
    with TestClient(fast_path_alone(client)) as alone:
        yield alone


def post(client, model, body, query="", **headers):
    headers = {"Content-Type": JSON, **headers}
    return client.post(f"/v1/models/{model}/assignments?{query}", content=body, headers=headers)


def said(answer):
    """Give all of an answer but what is its own."""
    kept = {
        name: value
        for name, value in answer.headers.items()
        if name in {"content-type", "vary", "content-disposition"}
    }
    body = answer.json() if kept["content-type"].endswith(("/json", "+json")) else answer.content
    if answer.status_code >= 400:
        del body["instance"]
    return answer.status_code, kept, body


def on_both_roads(client, model, body, query="", **headers):
    """Send the same on either road.

    `atomic`, said as the short one does not know it, leads to the long one.
    """
    long = f"{query}&atomic=0" if "atomic" not in query else query.replace("true", "1")
    return said(post(client, model, body, query, **headers)), said(
        post(client, model, body, long, **headers)
    )


def customers_in(table, media_type):
    body = BytesIO()
    if media_type.endswith("parquet"):
        parquet.write_table(table, body)
    elif media_type.endswith("stream"):
        with ipc.new_stream(body, table.schema) as writer:
            writer.write_table(table)
    elif media_type == "text/csv":
        rows = table.to_pylist()
        lines = [table.column_names, *(row.values() for row in rows)]
        body.write(
            "\n".join(
                ",".join("" if cell is None else str(cell) for cell in line) for line in lines
            ).encode()
        )
    else:
        body.write("\n".join(map(json.dumps, table.to_pylist())).encode())
    return body.getvalue()


@pytest.mark.costly
@pytest.mark.parametrize("model", MODELS)
@settings(settings.get_profile("costly"))
@given(customers=st.lists(customer, max_size=5), query=query)
@example(customers=[FULL] * (MAX_SCALAR_ROWS + 3), query="")
@example(customers=[FULL, {}, FULL], query="")
def test_fast_path_and_route_agree_on_any_customers(client, model, customers, query):
    short, long = on_both_roads(client, model, json.dumps({"customers": customers}), query)
    assert short == long


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_fast_path_and_route_agree_on_damaged_bodies(client, data):
    body = bytearray(
        json.dumps({"customers": [FULL, {"customer_id": "é", **HERE}]}, ensure_ascii=False).encode()
    )
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=3)):
        body[at] = data.draw(st.sampled_from(b'{}[]",:\\ 0e-\x00\xff\xef'))
    short, long = on_both_roads(client, "all-columns", bytes(body))
    assert short == long


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"null",
            b"[]",
            b"{}",
            b'{"customers": []}',
            b'{"customers": [null]}',
            b'{"customers": [{}], "more": 1}',
        ),
        json.dumps({"customers": [FULL]}).encode("utf-16"),
        json.dumps({"customers": [FULL]}).encode("utf-8-sig"),
        b'{"customers": [{"Age": 1, "Age": 2}], "customers": [{"Age": 3}]}',
        b'{"customers": [{"Age": ' + b"[" * 50 + b"]" * 50 + b"}]}",
        b'{"customers": [{"Age": ' + b"1" * 5000 + b"}]}",
        b'{"customers": [{"CustomerID": ' + b"1" * 5000 + b', "Age": 3}]}',
    ],
)
def test_fast_path_and_route_agree_on_nearly_empty_bodies(client, body):
    short, long = on_both_roads(client, "all-columns", body)
    assert short == long


@pytest.mark.parametrize("fmt", ["json", "csv", "ndjson", "arrow", "parquet"])
@pytest.mark.parametrize(
    "media_type",
    [
        "text/csv",
        "application/x-ndjson",
        "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.stream",
    ],
)
@pytest.mark.parametrize("model", ["all-columns", "tree"])
def test_fast_path_and_route_agree_in_every_format(client, model, media_type, fmt):
    table = pa.table(
        {
            "CustomerID": [f"c{n}" if n % 5 else None for n in range(50)],
            "Gender": [("Female", "Elf", None)[n % 3] for n in range(50)],
            "Age": [n * 9 if n % 4 else None for n in range(50)],
            INCOME: [n * 1.5 for n in range(50)],
        }
    )
    headers = {"Content-Type": media_type}
    short, long = on_both_roads(
        client, model, customers_in(table, media_type), f"format={fmt}", **headers
    )
    assert short == long


@pytest.mark.parametrize(
    "accept", ["text/csv", "image/png", "application/x-ndjson;q=0.5, */*;q=0.1", "*/*"]
)
def test_fast_path_and_route_agree_on_accept(client, accept):
    short, long = on_both_roads(client, "plain", json.dumps({"customers": [HERE]}), Accept=accept)
    assert short == long


@pytest.mark.parametrize(
    ("model", "customers", "query"),
    [
        ("plain", [HERE], ""),
        ("all-columns", [{"customer_id": 5, **FULL, "Gender": "Elf", "Age": None}], ""),
        ("tree", [FULL] * (MAX_SCALAR_ROWS + 1), "atomic=true"),
        ("one-segment", [FULL], "explain=true"),
        ("plain", [FULL, {INCOME: "7"}, {INCOME: True}], ""),
        ("marked", [{"No": 1, "size": "n/a", "town": "Ulm"}], ""),
        ("plain", [HERE], "format=arrow"),
    ],
)
def test_usual_requests_take_the_fast_path(short, model, customers, query):
    assert post(short, model, json.dumps({"customers": customers}), query).status_code == 200


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("nobody", json.dumps({"customers": [HERE]})),
        ("plain", json.dumps({"customers": []})),
        ("plain", json.dumps({"customers": [{}]})),
        ("plain", "{"),
    ],
)
def test_requests_with_explain_take_the_route(short, model, body):
    assert post(short, model, body).status_code == 418


def test_a_response_matches_the_schema(client):
    body = {
        "customers": [{**FULL, "Gender": "Elf", "Age": None}, {**FULL, INCOME: 1e9}, {INCOME: True}]
    }
    answer = post(client, "all-columns", json.dumps(body), "explain=true").json()
    assert (
        AssignmentResults.model_validate(answer, extra="forbid", strict=True).model_dump(
            exclude_defaults=True
        )
        == answer
    )


def test_a_moved_alias_takes_effect_at_once_in_its_process(client, name):
    fit(client, name, k=2)
    refit(client, name, k=3)
    before = place(client, name, HERE)["version"]
    client.put(f"/v1/models/{name}/aliases/production", json={"version": 2})
    assert (before, place(client, name, HERE)["version"]) == (1, 2)


def test_a_segment_that_is_named_here_has_its_name_at_once(client, name):
    fit(client, name, k=1)
    [before] = place(client, name, HERE)["assignments"]
    client.patch(f"/v1/models/{name}/segments/{before['segment']}", json={"name": "Everybody"})
    assert place(client, name, HERE)["assignments"][0]["segment_name"] == "Everybody"


def test_a_segment_has_the_same_name_for_many_customers_as_for_few(client, name):
    fit(client, name, k=1)
    [alone] = place(client, name, HERE)["assignments"]
    client.patch(
        f"/v1/models/{name}/segments/{alone['segment']}", json={"name": 'Zoë\'s "best", \\o/'}
    )
    [alone], many = (
        place(client, name, *[HERE] * n)["assignments"] for n in (1, MAX_SCALAR_ROWS + 1)
    )
    assert many == [{**alone, "row": row} for row in range(1, MAX_SCALAR_ROWS + 2)]


def test_a_deleted_model_assigns_no_customer(client, name):
    fit(client, name, k=1)
    place(client, name, HERE)
    client.delete(f"/v1/models/{name}")
    assert post(client, name, json.dumps({"customers": [HERE]})).status_code == 404


def test_a_key_over_its_quota_is_refused_on_the_fast_path(client):
    parts, n_requests = client.app.state.services, 9
    path = AssignmentFastPath(teapot, services=parts, model_cache=ModelCache(parts.stores))
    guard = AuthMiddleware(
        path, key_cache=KeyCache(parts.stores.database), rate_limiter=RateLimiter(n_requests)
    )
    limits = BodyLimitMiddleware(
        authenticate_as(guard, replace(LOCAL_ADMIN, key="spent")), ALLOWANCE, MemoryBudget(100)
    )
    before = parts.metrics.n_rows
    with TestClient(limits) as alone:
        statuses = [
            post(alone, "plain", json.dumps({"customers": [HERE]})).status_code
            for _ in range(n_requests + 2)
        ]
    assert (statuses, parts.metrics.n_rows - before) == ([200] * n_requests + [429] * 2, n_requests)


def test_a_body_that_arrives_in_many_parts_needs_no_route(client):
    row = json.dumps(FULL).encode().ljust(1 << 17)
    body = b'{"customers":[%b]}' % b",".join([row] * 70)
    with listening(fast_path_alone(client), lifespan="off") as server:
        url = f"http://127.0.0.1:{port_of(server)}/v1/models/plain/assignments"
        answer = httpx.post(url, content=body, headers={"Content-Type": JSON})
    assert (answer.status_code, len(answer.json()["assignments"])) == (200, 70)


def test_pipelined_requests_are_answered_in_order(client):
    body = json.dumps({"customers": [HERE]}).encode()
    head = (
        b"POST /v1/models/plain/assignments%b HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\n"
    )
    fast = head % b"" + b"Content-Length: %d\r\n\r\n" % len(body) + body
    by_route = fast.replace(b" HTTP", b"?atomic=0 HTTP", 1)
    last = fast.replace(b"Host", b"Connection: close\r\nHost", 1).replace(b"plain", b"nobody", 1)

    async def answers(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(fast + by_route + fast + last)
        answered = await reader.read()
        writer.close()
        await writer.wait_closed()
        return [part[:3] for part in answered.split(b"HTTP/1.1 ")[1:]]

    http = partial(HttpProtocol, head_seconds=9, answer_seconds=9, turns=PipelineQueue())
    with listening(client.app, http=http, ws="none", lifespan="off") as server:
        assert asyncio.run(answers(port_of(server))) == [b"200", b"200", b"200", b"404"]
