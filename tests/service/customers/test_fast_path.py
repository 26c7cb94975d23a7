"""Upserts that are answered ahead of the router, against the route."""

import json

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from service.assignments.model_cache import ModelCache
from service.auth.middleware import authenticate_as
from service.customers.fast_path import UpsertFastPath
from service.principals import LOCAL_ADMIN
from service.web.body_limits import MAX_LOOP_BYTES, BodyLimitMiddleware, BodyLimits
from service.web.memory_budget import MemoryBudget
from tests.support.fakes import teapot
from tests.support.steps import INCOME, SCORE, fit, put_csv

TABLE = f"CustomerID,{INCOME},{SCORE},town\n1,15,39,Ulm\n2,120,80,Bonn\n"
JSON = {"Content-Type": "application/json"}
LIMITS = BodyLimits(n_bytes=1000, seconds=9, depth=9)
ROW = {"CustomerID": 1, SCORE: 77}


@pytest.fixture(scope="module")
def alone(sampled):
    """The fast path alone: requests that it passes on are answered 418."""
    services = sampled.app.state.services
    path = UpsertFastPath(teapot, services=services, model_cache=ModelCache(services.stores))
    limits = BodyLimitMiddleware(authenticate_as(path, LOCAL_ADMIN), LIMITS, MemoryBudget(100))
    with TestClient(limits) as client:
        yield client


@pytest.fixture(scope="module")
def shop(sampled):
    put_csv(sampled, "fast-shop", TABLE)
    fit(sampled, "fast-shop")
    return "fast-shop"


def post(client, shop, content, headers=JSON, query=""):
    return client.post(
        f"/v1/datasets/{shop}/customers{query}", content=content, headers={**JSON, **headers}
    )


def body(*rows):
    return json.dumps({"customers": rows}).encode()


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, ""),
        ({"Content-Type": "application/json; charset=utf-8"}, ""),
        ({"Idempotency-Key": "fast-1"}, ""),
        ({}, "?assign=fast-shop"),
    ],
)
def test_usual_requests_take_the_fast_path(alone, shop, headers, query):
    answer = post(alone, shop, body(ROW), headers, query)
    assert (answer.status_code, answer.json()["results"][0]["result"]) == (200, "updated")


@pytest.mark.parametrize(
    ("content", "headers", "query"),
    [
        (body(ROW), {}, "?atomic=true"),
        (body(ROW), {}, "?assign=nowhere"),
        (body(ROW), {}, "?assign=fast-shop&assign=fast-shop"),
        (body(ROW), {"Content-Type": "application/x-ndjson"}, ""),
        (body(ROW), {"Content-Type": "application/json; charset=latin-1"}, ""),
        (body(ROW), {"Idempotency-Key": "a b"}, ""),
        (body({"CustomerID": 1, "new": 1}), {}, ""),
        (body({"CustomerID": 1, SCORE: "high"}), {}, ""),
        (body(*[ROW] * 100), {}, ""),
        (body({"CustomerID": 1, "town": "x" * MAX_LOOP_BYTES}), {}, ""),
        (b"", {}, ""),
    ],
)
def test_unusual_requests_go_to_the_route(alone, shop, content, headers, query):
    assert post(alone, shop, content, headers, query).status_code == 418


@pytest.mark.parametrize("dataset", ["nowhere", "sample-orders", "Shop", "a/b"])
def test_requests_for_no_writable_dataset_go_to_the_route(alone, dataset):
    assert post(alone, dataset, body(ROW)).status_code == 418


def test_a_refused_key_goes_to_the_route(alone, shop):
    headers = {"Idempotency-Key": "fast-2"}
    assert post(alone, shop, body(ROW), headers).status_code == 200
    assert post(alone, shop, body({**ROW, SCORE: 1}), headers).status_code == 418


@pytest.mark.slow
@pytest.mark.costly
@settings(settings.get_profile("costly"))
@given(
    st.lists(
        st.fixed_dictionaries(
            {"CustomerID": st.integers(1, 4)},
            optional={
                INCOME: st.none() | st.integers(0, 150) | st.floats(0, 150) | st.just("12"),
                SCORE: st.none() | st.integers(0, 100) | st.just("high"),
                "town": st.none() | st.sampled_from(["Ulm", " Bonn ", "", "\x07"]),
            },
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["", "assign=fast-shop"]),
)
def test_fast_path_and_route_agree(sampled, shop, rows, query):
    put_csv(sampled, shop, TABLE)
    usual = post(sampled, shop, body(*rows), query=f"?{query}")
    stored = sampled.get(f"/v1/datasets/{shop}/customers").json()["customers"]
    put_csv(sampled, shop, TABLE)
    routed = post(sampled, shop, body(*rows), query=f"?{query}&atomic=false")
    assert sampled.get(f"/v1/datasets/{shop}/customers").json()["customers"] == stored
    assert routed.status_code == usual.status_code
    if usual.is_success:
        changing = {"dataset_version": None}
        assert {**routed.json(), **changing} == {**usual.json(), **changing}
