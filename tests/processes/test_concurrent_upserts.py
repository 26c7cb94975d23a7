"""Customers put in by several clients at once, and while the service is killed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from threading import Event
from urllib.parse import quote

import httpx
import pytest

from bench.server import PATIENCE, Server

pytestmark = pytest.mark.processes

CLIENTS, UPSERTS, ROWS = 4, 40, 3
ENOUGH = 12
NO_ENGINE = "tcp://127.0.0.1:9"  # an upsert needs none
TABLE = "customer_id,spent\nfirst,0.5\nsecond,1.5\n"
KNOWN = {"first": 0.5, "second": 1.5}


def batch(n: int) -> dict[str, float]:
    """Give the customers of one upsert, which no other one has."""
    return {f"c{n}-{row}": n + row / 4 for row in range(ROWS)}


def upsert(http: httpx.Client, name: str, customers: dict[str, float]) -> httpx.Response:
    rows = [{"customer_id": key, "spent": spent} for key, spent in customers.items()]
    return http.post(f"/v1/datasets/{name}/customers", json={"customers": rows})


def stored(server: Server, name: str) -> list[tuple[str, float]]:
    """List everybody, page by page."""
    found, token = [], ""
    while True:
        page = server.get(f"/v1/datasets/{name}/customers?page_size=50{token}")
        found += [(row["customer_id"], row["spent"]) for row in page["customers"]]
        if "next_page_token" not in page:
            return found
        token = f"&page_token={page['next_page_token']}"


def client_of(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.http.base_url, timeout=PATIENCE)


@pytest.fixture(scope="module")
def crowded(server):
    """The statuses of upserts from four concurrent clients."""
    server.put_csv("crowded", TABLE)

    def work(first: int) -> list[int]:
        with client_of(server) as http:
            return [
                upsert(http, "crowded", batch(n)).status_code
                for n in range(first, UPSERTS, CLIENTS)
            ]

    with ThreadPoolExecutor(CLIENTS) as clients:
        return [status for statuses in clients.map(work, range(CLIENTS)) for status in statuses]


@pytest.fixture(scope="module")
def acknowledged(nth, tmp_path_factory) -> Iterator[tuple[Server, dict[str, float]]]:
    """A service that was killed during upserts and restarted, and the acknowledged customers."""
    home = tmp_path_factory.mktemp(f"streamed-{nth}") / "home"
    taken, enough = dict(KNOWN), Event()
    with Server(home, engine_address=NO_ENGINE) as server:
        server.put_csv("streamed", TABLE)

        def stream(first: int) -> None:
            with client_of(server) as http, suppress(httpx.TransportError):
                for n in count(first, 2):
                    if upsert(http, "streamed", batch(n)).is_success:
                        taken.update(batch(n))
                    if len(taken) > ENOUGH * ROWS:
                        enough.set()

        with ThreadPoolExecutor(2) as clients:
            clients.map(stream, range(2))
            assert enough.wait(PATIENCE)
            server.kill()
    with Server(home, engine_address=NO_ENGINE) as server:
        yield server, taken


@pytest.mark.usefixtures("crowded")
def test_concurrent_upserts_lose_and_duplicate_no_row(server):
    sent = KNOWN | {key: spent for n in range(UPSERTS) for key, spent in batch(n).items()}
    assert sorted(stored(server, "crowded")) == sorted(sent.items())


def test_each_of_many_concurrent_upserts_creates_one_version(server, crowded):
    dataset = server.get("/v1/datasets/crowded")
    assert (set(crowded), dataset["dataset_version"]) == ({200}, UPSERTS + 1)
    assert dataset["n_customers"] == len(KNOWN) + UPSERTS * ROWS


def test_acknowledged_customers_survive_a_kill(acknowledged, reached):
    server, taken = acknowledged
    found = stored(server, "streamed")
    reached(
        "service killed in a stream of upserts: acknowledged rows lost",
        len(taken.items() - {*found}),
    )
    assert taken.items() <= set(found)
    assert len(dict(found)) == len(found)


def test_upserts_go_on_after_a_kill(acknowledged):
    server, _ = acknowledged
    before = server.get("/v1/datasets/streamed")
    upsert(server.http, "streamed", {"after": 9.5})
    after = server.get("/v1/datasets/streamed")
    assert after["dataset_version"] == before["dataset_version"] + 1
    assert after["n_customers"] == len(stored(server, "streamed"))


def test_a_customer_whose_id_looks_encoded_is_found(server):
    server.put_csv("encoded", "customer_id,spent\n%2F,1.5\na/../b,2.5\n")
    for key, spent in {"%2F": 1.5, "a/../b": 2.5}.items():
        assert (
            server.get(f"/v1/datasets/encoded/customers/{quote(key, safe='')}")["customer"]["spent"]
            == spent
        )
