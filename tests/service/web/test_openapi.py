"""The description of the service by itself."""

import re

import pytest

from service.app import ROUTERS
from service.sample import ORDERS_HEADER, generate_orders
from tests.support.steps import fit, put_csv

A_FILE = {"type": "string", "format": "binary"}
PARAMETER = re.compile(r"{(\w+)}")


@pytest.fixture(scope="module")
def spec(sampled):
    return sampled.get("/openapi.json").json()


@pytest.fixture(scope="module")
def operations(spec):
    return {
        (method.upper(), path): operation
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    }


@pytest.fixture
def ready(client, sample_csv):
    """A service as after its first start, and the id of one of its segments."""
    put_csv(client, "sample", sample_csv)
    made = {
        "shape": "transactions",
        **dict(zip(("customer", "date", "amount"), ORDERS_HEADER, strict=True)),
    }
    put_csv(client, "sample-orders", generate_orders(200), **made)
    fit(client, "sample-tree", algorithm={"name": "hierarchical"})
    return client, fit(client, "sample")["segments"][0]["segment"]


def inside(part):
    """Give a part of the description and all parts in it."""
    yield part
    for child in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from inside(child)


def resolve(spec, ref):
    place = spec
    for step in ref.removeprefix("#/").split("/"):
        place = place[step]
    return place


def resolved(spec, schema):
    return resolve(spec, schema["$ref"]) if "$ref" in schema else schema


def examples(spec, content):
    """Give every example of a body of one media type; fields may have examples of their own."""
    if "example" in content:
        return [content["example"]]
    schema = resolve(spec, content["schema"]["$ref"])
    fields = {
        name: field["examples"][0]
        for name, field in schema["properties"].items()
        if "examples" in field
    }
    return schema.get("examples") or [fields if fields.keys() >= set(schema["required"]) else None]


def fill(path, operation, otherwise):
    """Give the path that "Try it out" asks for."""
    parameters = [each for each in operation["parameters"] if each["in"] == "path"]
    return path.format(
        **{each["name"]: each["schema"].get("examples", [otherwise])[0] for each in parameters}
    )


def bodies(spec, operations):
    """Give every example of a body, and the operation that it is of."""
    for (method, path), operation in operations.items():
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            if A_FILE in inside(resolved(spec, content["schema"])):
                continue
            for example in examples(spec, content):
                yield method, path, media_type, example


def send(client, method, path, media_type, example):
    sent = {"json": example} if media_type == "application/json" else {"content": example}
    return client.request(
        method, path, headers={"Content-Type": media_type, "Prefer": "wait=30"}, **sent
    )


def test_the_description_is_of_openapi_3_1(spec):
    assert spec["openapi"].startswith("3.1.")


def test_every_reference_leads_somewhere(spec):
    refs = {
        part["$ref"]
        for part in inside(spec)
        if isinstance(part, dict) and isinstance(part.get("$ref"), str)
    }
    assert all(isinstance(resolve(spec, ref), dict) for ref in refs)


def test_every_schema_is_used(spec):
    refs = {
        part["$ref"].rpartition("/")[2]
        for part in inside(spec)
        if isinstance(part, dict) and "$ref" in part
    }
    assert spec["components"]["schemas"].keys() - refs == set()


def test_every_parameter_of_a_path_is_declared_and_required(operations):
    declared = {
        key: sorted(
            each["name"]
            for each in operation.get("parameters", [])
            if each["in"] == "path" and each["required"]
        )
        for key, operation in operations.items()
    }
    assert declared == {
        (method, path): sorted(PARAMETER.findall(path)) for method, path in operations
    }


def test_every_response_is_described(operations):
    assert all(
        answer["description"]
        for operation in operations.values()
        for answer in operation["responses"].values()
    )


def test_every_operation_is_in_one_room(operations):
    assert {len(operation["tags"]) for operation in operations.values()} == {1}


def test_every_operation_is_named_by_its_room_and_its_function(operations):
    functions = {
        f"{route.tags[0]}-{route.endpoint.__name__}"
        for router in ROUTERS.values()
        for route in router.routes
        if route.include_in_schema
    }
    assert functions <= {operation["operationId"] for operation in operations.values()}


def test_no_two_operations_share_a_name(operations):
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)


def test_every_operation_is_explained(operations):
    assert [key for key, operation in operations.items() if not operation.get("description")] == []


def test_every_refusal_is_declared_with_its_status(operations):
    refusals = [
        (*key, status, answer["content"].keys())
        for key, operation in operations.items()
        for status, answer in operation["responses"].items()
        if status == "default" or (int(status) >= 400 and key[1] != "/readyz")
    ]
    assert [each for each in refusals if each[3] != {"application/problem+json"}] == []


def test_every_response_declares_its_request_id(operations):
    answers = [
        answer for operation in operations.values() for answer in operation["responses"].values()
    ]
    assert all("X-Request-ID" in answer["headers"] for answer in answers)


def test_the_frameworks_own_errors_are_not_described(spec):
    assert "ValidationError" not in str(spec)


def test_every_parameter_is_explained(operations):
    unexplained = [
        (key, each["name"])
        for key, operation in operations.items()
        for each in operation.get("parameters", [])
        if not each.get("description")
    ]
    assert unexplained == []


def test_every_body_has_an_example(spec, operations):
    assert [
        (method, path) for method, path, _, example in bodies(spec, operations) if example is None
    ] == []


@pytest.mark.slow
def test_every_example_succeeds_unedited_on_the_sample(spec, operations, ready):
    client, segment = ready
    answers = [
        (
            method,
            path,
            send(
                client, method, fill(path, operations[method, path], segment), media_type, example
            ),
        )
        for method, path, media_type, example in bodies(spec, operations)
    ]
    assert [
        (method, path, answer.text) for method, path, answer in answers if not answer.is_success
    ] == []


def test_an_example_does_not_replace_the_sample(operations):
    put = "/v1/datasets/{dataset}"
    assert fill(put, operations["PUT", put], None) != "/v1/datasets/sample"


def test_an_immediate_response_is_not_described_as_a_job(operations):
    answers = operations["POST", "/v1/models"]["responses"]
    schemas = [
        answers[status]["content"]["application/json"]["schema"] for status in ("201", "202")
    ]
    assert schemas == [
        {"$ref": "#/components/schemas/Version"},
        {"$ref": "#/components/schemas/Job"},
    ]


def test_the_headers_of_a_job_response_are_described(operations):
    headers = operations["POST", "/v1/models"]["responses"]["202"]["headers"]
    assert headers.keys() >= {"Location", "Retry-After", "X-Job", "Preference-Applied"}
