"""A query parameter that a route does not declare is refused, on every route."""

import re

import pytest
from fastapi.testclient import TestClient

from service.web.query_parameters import MAX_LENGTH
from tests.support.steps import SCORE

PLACING = "/v1/models/sample/assignments"
HERE = {"customers": [{SCORE: 50}]}


@pytest.fixture(scope="module")
def operations(sampled):
    """Every operation, with the parameters of its query."""
    paths = sampled.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), re.sub(r"{\w+}", "1", path), operation["tags"], names_in(operation))
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]


def names_in(operation):
    return [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]


def refused(client, method, path, **query):
    """Tell which parameters an answer calls unknown."""
    answer = client.request(method, path, params=query)
    return (
        set(re.findall(r"there is no parameter '(\w+)'", answer.text))
        if answer.status_code == 422
        else set()
    )


def test_an_unknown_parameter_is_refused_on_every_route(sampled, operations):
    routes = [(method, path) for method, path, tags, _ in operations if tags != ["health"]]
    assert [
        route for route in routes if "nowhere" not in refused(sampled, *route, nowhere="1")
    ] == []


def test_a_parameter_that_is_described_is_known(sampled, operations):
    described = [
        (method, path, dict.fromkeys(names, "")) for method, path, _, names in operations if names
    ]
    found = [
        refused(sampled, method, path, **query, nowhere="") for method, path, query in described
    ]
    assert found == [{"nowhere"}] * len(described)


def test_every_route_describes_that_it_may_refuse_a_parameter(sampled):
    paths = sampled.get("/openapi.json").json()["paths"]
    operations = [operation for methods in paths.values() for operation in methods.values()]
    assert all(("422" in each["responses"]) == (each["tags"] != ["health"]) for each in operations)


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/version", "/metrics", "/", "/page/main.js", "/docs", "/redoc"]
)
def test_probes_and_pages_accept_any_query(sampled, path):
    assert sampled.get(path, params={"nowhere": "1"}).status_code == sampled.get(path).status_code


@pytest.mark.parametrize(
    ("written", "meant"),
    [("amout", "amount"), ("customerid", "customer_id"), ("Date", "date"), ("oder", "order")],
)
def test_the_nearest_known_name_is_proposed(sampled, written, meant):
    answer = sampled.put(
        "/v1/datasets/typo",
        params={written: "x"},
        content="a\n1\n",
        headers={"Content-Type": "text/csv"},
    )
    [fault] = answer.json()["errors"]
    assert fault["detail"] == f"there is no parameter '{written}'; did you mean '{meant}'?"
    assert sampled.get("/v1/datasets/typo").status_code == 404


@pytest.mark.parametrize("query", ["atomc=true", "atomic=true&explian=true", "expalin=true"])
def test_short_roads_refuse_it_as_well(sampled, query):
    assert sampled.post(f"{PLACING}?{query}", json=HERE).status_code == 422


def test_a_name_without_a_near_one_is_answered_with_those_that_are_known(sampled):
    fault = sampled.get("/v1/models", params={"zzz": ""}).json()["errors"][0]
    assert fault["detail"] == "there is no parameter 'zzz'; known are page_size, page_token"


@pytest.mark.parametrize(
    "name", ["ann@example.com", "Ann-Mary", "a" * (MAX_LENGTH + 1), "\ud800", "7912.625"]
)
def test_an_unknown_parameter_name_is_not_echoed(sampled, name):
    answer = sampled.get("/v1/models", params={name.encode(errors="replace").decode(): "1"})
    assert (answer.status_code, name in answer.text) == (422, False)


def test_a_refusal_of_many_parameters_stays_small(client: TestClient):
    answer = client.get("/v1/models", params={f"p{n}": "" for n in range(900)})
    assert (answer.json()["n_errors"], len(answer.content) < 16_384) == (900, True)
