"""The steps that most tests take with the service."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote

import uvicorn
from fastapi.testclient import TestClient

from service.app import create_app
from service.config import Settings
from service.stores import open_stores
from tests.support.databases import make_embedded
from tests.support.fakes import InlineEngine

INCOME, SCORE = "Annual Income (k$)", "Spending Score (1-100)"


@contextmanager
def running(settings: Settings, engine=InlineEngine, tracer=None) -> Iterator[TestClient]:
    """Run the service in this process, its jobs in a thread of it."""
    make_embedded(settings)
    stores = open_stores(settings)
    stores.database.migrate()
    app = create_app(settings, engine=engine(stores, tracer=tracer), tracer=tracer)
    try:
        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            yield client
    finally:
        stores.database.close()


@contextmanager
def listening(app, **asked) -> Iterator[uvicorn.Server]:
    """Let an app listen on a free port, in a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_config=None, **asked))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:  # it tells nobody
        time.sleep(0.01)
    yield server
    server.should_exit = True
    thread.join()


def port_of(server: uvicorn.Server) -> int:
    """Tell where a server listens."""
    return server.servers[0].sockets[0].getsockname()[1]


def put_csv(client: TestClient, name: str, csv: str, **query) -> dict:
    """Put a dataset."""
    headers = {"Content-Type": "text/csv"}
    answer = client.put(f"/v1/datasets/{name}", content=csv.encode(), headers=headers, params=query)
    assert answer.is_success, answer.text
    return answer.json()


def fit(client: TestClient, name: str, **asked) -> dict:
    """Fit a model of the sample on income and score, or as asked, and wait for it."""
    body = {"name": name, "dataset": "sample", "k": 5, "features": [INCOME, SCORE], **asked}
    answer = client.post("/v1/models", json=body, headers={"Prefer": "wait=30"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def refit(client: TestClient, name: str, **asked) -> dict:
    """Fit a model's next version and wait for it."""
    answer = client.post(f"/v1/models/{name}/versions", json=asked, headers={"Prefer": "wait=30"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def recommend(client: TestClient, dataset: str = "sample", **asked) -> dict:
    """Ask how many segments a dataset holds by income and score, or as asked, and wait for it."""
    body = {"features": [INCOME, SCORE], **asked}
    answer = client.post(
        f"/v1/datasets/{dataset}/recommendations", json=body, headers={"Prefer": "wait=30"}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def place(client: TestClient, model: str, *customers: dict, **query) -> dict:
    """Place customers by a model's production version."""
    answer = client.post(
        f"/v1/models/{model}/assignments", json={"customers": customers}, params=query
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def upsert(client: TestClient, name: str, *customers: dict, **query) -> dict:
    """Lay customers over a dataset."""
    answer = client.post(
        f"/v1/datasets/{name}/customers", json={"customers": customers}, params=query
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def customers_of(client: TestClient, name: str) -> list[dict]:
    """List the customers of a dataset as they are stored."""
    answer = client.get(f"/v1/datasets/{name}/customers", params={"page_size": 1000})
    assert answer.status_code == 200, answer.text
    return answer.json()["customers"]


def erase(client: TestClient, name: str, customer_id: str) -> str:
    """Erase a customer; gives the job that cleans up."""
    answer = client.delete(f"/v1/datasets/{name}/customers/{quote(customer_id, safe='')}")
    assert answer.status_code == 204, answer.text
    return answer.headers["X-Job"]


def run_of(client: TestClient, model: str, dataset: str, **asked) -> dict:
    """Assign a whole dataset by a model's production version, and wait for it."""
    address = f"/v1/models/{model}/versions/production/assignment-runs"
    answer = client.post(address, json={"dataset": dataset, **asked}, headers={"Prefer": "wait=30"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def finished(client: TestClient, job: str) -> dict:
    """Wait until a job is finished."""
    deadline = time.monotonic() + 30
    while (found := client.get(f"/v1/jobs/{job}").json())["state"] in {"queued", "running"}:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


@contextmanager
def replaced_stores(client: TestClient, **replaced) -> Iterator[None]:
    """Replace some of the stores of a running app, such as its database."""
    services = client.app.state.services
    use_services(client.app, replace(services, stores=replace(services.stores, **replaced)))
    yield
    use_services(client.app, services)


def use_services(app, services) -> None:
    """Let the routes and middlewares of an app use other services."""
    app.state.services = services
    for middleware in app.user_middleware:
        if "services" in middleware.kwargs:
            middleware.kwargs["services"] = services
    app.middleware_stack = app.build_middleware_stack()
