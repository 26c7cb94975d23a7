"""Everything that "Try it out" fills in by itself, sent from the top of the page to its end."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from service.sample import load_sample
from tests.support.steps import running

pytestmark = pytest.mark.slow

CANCEL = "jobs-cancel_job"


@pytest.fixture(scope="module")
def as_started(at_home, tmp_path_factory):
    """A service as after its first start."""
    with running(at_home(tmp_path_factory.mktemp("started"))) as client:
        transport = httpx.ASGITransport(client.app, client=("127.0.0.1", 1))

        async def load() -> None:
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", timeout=60
            ) as sender:
                await load_sample(sender)

        with ThreadPoolExecutor() as thread:
            thread.submit(asyncio.run, load()).result()
        yield client


def in_order(spec):
    """Give the operations as the page lists them: room by room."""
    rooms = [tag["name"] for tag in spec["tags"]]
    every = [
        (method, path, each)
        for path, methods in spec["paths"].items()
        for method, each in methods.items()
    ]
    return sorted(every, key=lambda found: rooms.index(found[2]["tags"][0]))


def filled_in(operation, place):
    """Give what the page fills in for the parameters of a place; a choice begins with its first."""
    return {
        each["name"]: each.get("example", "svg" if each["name"] == "extension" else None)
        for each in operation.get("parameters", ())
        if each["in"] == place and ("example" in each or each["required"])
    }


def body_of(spec, operation):
    if "requestBody" not in operation:
        return None
    content = operation["requestBody"]["content"]["application/json"]
    name = content["schema"]["$ref"].rpartition("/")[2]
    schema = spec["components"]["schemas"][name]
    fields = {
        key: field["examples"][0]
        for key, field in schema["properties"].items()
        if "examples" in field
    }
    return content.get("example") or schema.get("examples", [fields])[0]


def keep_busy(client):
    """Ask for a job that takes a while, and for another one that waits behind it."""
    later = {"Prefer": "respond-async"}
    client.post("/v1/datasets/sample/recommendations", json={}, headers=later)
    client.post("/v1/models/sample/versions", json={"k": 3}, headers=later)


def execute(client, spec, method, path, operation):
    if operation["operationId"] == CANCEL:
        keep_busy(client)
    address = path.format(**filled_in(operation, "path"))
    asked = {"params": filled_in(operation, "query"), "headers": {"Prefer": "wait=30"}}
    return client.request(method, address, json=body_of(spec, operation), **asked)


def test_every_operation_succeeds_unedited(as_started):
    spec = as_started.get("/openapi.json").json()
    answers = {
        operation["operationId"]: execute(as_started, spec, method, path, operation)
        for method, path, operation in in_order(spec)
    }
    assert [(name, answer.text) for name, answer in answers.items() if not answer.is_success] == []


def test_an_index_names_the_segment_that_has_it(sampled):
    listed = sampled.get("/v1/models/sample/versions/1/segments").json()["segments"]
    shown = [
        sampled.get(f"/v1/models/sample/versions/1/segments/{each['index']}").json()
        for each in listed
    ]
    assert shown == listed


def test_the_newest_job_is_the_first_that_is_listed(sampled):
    assert sampled.get("/v1/jobs/newest").json() == sampled.get("/v1/jobs").json()["jobs"][0]


@pytest.mark.parametrize("path", ["/v1/jobs/newest", "/v1/jobs/newest/events"])
def test_where_nothing_is_nothing_is_the_newest(client, path):
    assert client.get(path).status_code == 404
