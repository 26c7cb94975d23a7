"""The shortest road to an assignment answers what the app behind it would, and hands on all else as it came."""

import asyncio
import json
import socket
import time
from dataclasses import replace
from functools import partial

import httpx
import pytest
from fakes import Interrupted
from fastapi.testclient import TestClient
from steps import INCOME, SCORE, listening, port_of

from service.access.guard import acting_as
from service.access.quotas import Quotas
from service.access.ring import KeyRing
from service.assignments.express import Express
from service.assignments.placers import Placers
from service.callers import ANYONE
from service.stores.database import now
from service.web.connections import Connection
from service.web.intake import at_once
from service.web.logs import RequestLine, log_request, logger
from service.web.pipelining import TurnQueue
from service.web.repeated import Repeated

HERE = {INCOME: 60, SCORE: 50}
BODY = json.dumps({"customers": [HERE]}).encode()
HANDED_ON = 418
QUOTA = 9
OWN = {"date", "x-request-id"}
IDLE_SECONDS = 0.5


@pytest.fixture(scope="module")
def parts(sampled):
    return sampled.app.state.services


async def echo(scope, receive, send):  # noqa: ARG001 - ASGI
    """Answer with what has come."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body")
    await send({"type": "http.response.start", "status": HANDED_ON, "headers": []})
    await send({"type": "http.response.body", "body": body})


def express(parts, placers):
    return Express(echo, parts=parts, ring=KeyRing(parts.stores.database), quotas=Quotas(QUOTA), placers=placers)


@pytest.fixture
def ask(parts):
    """Ask the road alone, once it knows the sample's model: what is handed on from it comes back."""

    def ask(path="/v1/models/sample/assignments", content=BODY, **headers):
        placers = Placers(parts.stores)
        asyncio.run(placers.get("default", "sample", "production"))
        road = TestClient(acting_as(express(parts, placers), ANYONE))
        return road.post(path, content=content, headers={"Content-Type": "application/json"} | headers)

    return ask


def test_what_needs_no_waiting_is_answered(ask):
    assert ask().status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "/v1/models/nobody/assignments"},
        {"path": "/v1/models/sample/assignments?explain=false&atomic=false"},
        {"path": "/v1/models/sample"},
        {"content": b'{"customers": [{}]}'},
        {"content": b" " * (1 << 14) + BODY},
        {"Content-Type": "text/csv"},
        {"Accept": "text/csv"},
        {"Accept": "text/csv;q=0." + "1" * 400},
        {"Expect": "100-continue"},
    ],
    ids=str,
)
def test_all_else_is_handed_on_whole(ask, asked):
    answer = ask(**asked)
    assert (answer.status_code, answer.content) == (HANDED_ON, asked.get("content", BODY))


def test_over_its_quota_a_key_has_no_customer_assigned(parts):
    placers, looked_up = Placers(parts.stores), []
    asyncio.run(placers.get("default", "sample", "production"))
    watched = Interrupted(placers, "known", lambda: looked_up.append("version"))
    road = TestClient(acting_as(express(parts, watched), replace(ANYONE, key="spent")))
    send = partial(road.post, "/v1/models/sample/assignments", content=BODY)
    statuses = [send(headers={"Content-Type": "application/json"}).status_code for _ in range(QUOTA + 2)]
    assert (statuses, len(looked_up)) == ([200] * QUOTA + [HANDED_ON] * 2, QUOTA)


@pytest.fixture(scope="module")
def url(sampled):
    """The app of the sample on a connection of ours."""
    app = sampled.app
    at_once, repeated = app.state.at_once, Repeated()
    http = partial(Connection, head_seconds=9, answer_seconds=9, turns=TurnQueue(), at_once=at_once, repeated=repeated)
    with listening(app, http=http, ws="none", lifespan="off", timeout_keep_alive=IDLE_SECONDS) as server:
        yield f"http://127.0.0.1:{port_of(server)}/v1/models/sample/assignments"


def test_a_connection_answers_by_itself_as_the_app_does(url, read_log):
    """The second time by a head that it knows; `atomic`, said as short roads do not know it, leads to the long one."""
    with httpx.Client() as client:
        answers = [client.post(url, json={"customers": [HERE]}, params=query) for query in ({}, {}, {"atomic": 0})]
    said = [({name: value for name, value in each.headers.items() if name not in OWN}, each.json()) for each in answers]
    noted = [{**line, "ms": 0, "timestamp": 0, "request_id": 0} for line in read_log() if line["event"] == "request"]
    assert said == said[:1] * 3
    assert noted == noted[:1] * 3


def test_what_is_sent_in_one_go_is_answered_in_its_order(url):
    address = httpx.URL(url)
    length = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
    short = b"POST %b HTTP/1.1\r\n" % address.raw_path + length + BODY
    long = short.replace(b"HTTP", b"?atomic=0 HTTP", 1).replace(b" ?", b"?")
    last = short.replace(b"Host", b"Connection: close\r\nHost", 1).replace(b"sample", b"nobody", 1)

    async def answers():
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(short + long + short + last)
        answered = await reader.read()
        writer.close()
        await writer.wait_closed()
        return [part[:3] for part in answered.split(b"HTTP/1.1 ")[1:]]

    assert asyncio.run(answers()) == [b"200", b"200", b"200", b"404"]


def test_a_connection_is_left_when_nothing_was_asked_for_a_while_and_no_sooner(url):
    address = httpx.URL(url)
    request = b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" % address.raw_path
    request += b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
    with socket.create_connection((address.host, address.port), timeout=15) as connection:
        for _ in range(4):
            connection.sendall(request)
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
            time.sleep(IDLE_SECONDS / 2)  # the time between requests is what this is about
        assert connection.recv(1 << 16) == b""


def test_who_may_ask_is_looked_up_each_time_and_never_remembered(parts):
    ring, placers = KeyRing(parts.stores.database), Placers(parts.stores)
    road = Express(echo, parts=parts, ring=ring, quotas=Quotas(QUOTA), placers=placers)
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/models/sample/assignments", "query_string": b""}

    async def answers():
        await placers.get("default", "sample", "production")
        ask = road.understand({**scope, "headers": headers})
        unknown = ask(BODY)
        await ring.is_keyless()
        return unknown, ask(BODY)

    unknown, known = asyncio.run(answers())
    assert (unknown, known.body[:1]) == (None, b"{")


def test_a_body_that_comes_in_parts_is_waited_for(url):
    with httpx.Client() as client:
        answer = client.post(url, content=iter([BODY[:9], BODY[9:]]), headers={"Content-Type": "application/json"})
    assert answer.json()["assignments"][0]["row"] == 1


def test_what_has_not_come_yet_is_not_lost():
    async def receive_late():
        queue = asyncio.Queue()
        early = at_once(queue.get)
        queue.put_nowait("message")
        return early, at_once(queue.get)

    assert asyncio.run(receive_late()) == (None, "message")


def test_lines_of_requests_come_before_what_is_logged_after_them(read_log):
    async def log():
        log_request(RequestLine("GET", "/livez", 200, 0.1, "first", now()))
        logger.warning("second")

    asyncio.run(log())
    assert [line["event"] for line in read_log()] == ["request", "second"]
