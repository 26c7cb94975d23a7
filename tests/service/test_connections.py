"""What happens on a connection before there is a request."""

import json
import socket
import threading
import time
from functools import partial

import pytest
import uvicorn

from service.web.connections import MOST_HEAD_BYTES, Connection

HEAD_SECONDS = 0.4
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def app(scope, receive, send):  # noqa: ARG001 - ASGI
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.fixture(scope="module")
def port():
    http = partial(Connection, head_seconds=HEAD_SECONDS)
    config = uvicorn.Config(app, "127.0.0.1", 0, http=http, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture
def connection(port):
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        yield connection


def answers(connection):
    """Read until the other side hangs up."""
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def problem(answered):
    head, _, body = answered.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]) == len(body)
    return head.split()[1], json.loads(body)["type"]


@pytest.mark.parametrize("begun", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: "])
def test_a_head_that_does_not_end_is_refused_at_its_deadline(connection, begun):
    connection.sendall(begun)
    assert problem(answers(connection)) == (b"408", "/problems/request-too-slow")


def test_a_head_that_trickles_in_gains_no_time(connection):
    started = time.monotonic()
    connection.settimeout(0.05)
    connection.sendall(b"GET / HTTP/1.1\r\n")
    while time.monotonic() - started < 10:
        try:
            if connection.recv(1 << 16):
                break
        except TimeoutError:
            connection.sendall(b"X: y\r\n")
    assert HEAD_SECONDS * 0.9 < time.monotonic() - started < 5


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n", GET.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n") + b"\r\n"]
)
def test_whoever_asks_nothing_more_is_hung_up_on_without_a_word(connection, sent):
    connection.sendall(sent)
    assert answers(connection).count(b"HTTP/1.1") == sent.count(b"HTTP/1.1")


def test_a_connection_may_be_used_again_and_again(connection):
    for _ in range(3):
        connection.sendall(GET)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 204")
        time.sleep(HEAD_SECONDS / 2)


def test_a_second_request_on_a_connection_has_its_own_deadline(connection):
    connection.sendall(GET + b"GET / HT")
    first, second = answers(connection).split(b"\r\n\r\n", 1)
    assert (first.split()[1], problem(second)[0]) == (b"204", b"408")


def test_a_head_without_an_end_is_refused_for_its_size(connection):
    begun = b"GET / HTTP/1.1\r\nX: "
    connection.sendall(begun + b"x" * (MOST_HEAD_BYTES + 1 - len(begun)))  # what is not read when it closes resets it
    assert problem(answers(connection)) == (b"431", "/problems/request-header-fields-too-large")


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"<a/>\r\n\r\n"])
def test_what_is_not_http_is_a_problem(connection, sent):
    connection.sendall(sent)
    assert problem(answers(connection)) == (b"400", "/problems/bad-request")
