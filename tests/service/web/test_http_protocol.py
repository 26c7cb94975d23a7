"""What happens on a connection before there is a request."""

import asyncio
import json
import socket
import time
from functools import partial
from threading import Thread

import pytest

from service.web.http_protocol import (
    MAX_HEAD_BYTES,
    MAX_TRAILER_BYTES,
    MAX_WAITING_REQUESTS,
    PIECE_BYTES,
    HttpProtocol,
)
from service.web.pipeline_queue import PipelineQueue
from service.web.transport import LINGER_BYTES
from tests.support.steps import listening, port_of

HEAD_SECONDS = 0.4
ANSWER_SECONDS = 0.5
MUCH = 1 << 24
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CHUNKED = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
GARBAGE = b"\0\0\r\n\r\n"


async def app(scope, receive, send):
    if scope["path"] == "/much":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(MUCH >> 16):
            await send({"type": "http.response.body", "body": bytes(1 << 16), "more_body": True})
        await send({"type": "http.response.body"})
        return
    if scope["path"] == "/whole":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(MUCH)})
        return
    if scope["path"] == "/echo":
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"%d" % len(body))],
            }
        )
        await send({"type": "http.response.body", "body": body})
        return
    if scope["path"] == "/headers":
        while (await receive())["more_body"]:
            pass
        names = b" ".join(name for name, _ in scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-names", names)]})
        await send({"type": "http.response.body"})
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(0.2)
    refused = scope["method"] == "PUT"
    headers = [(b"connection", b"close")] if refused else []
    await send(
        {"type": "http.response.start", "status": 413 if refused else 204, "headers": headers}
    )
    await send({"type": "http.response.body"})


@pytest.fixture(scope="module")
def server():
    http = partial(
        HttpProtocol,
        head_seconds=HEAD_SECONDS,
        answer_seconds=ANSWER_SECONDS,
        turns=PipelineQueue(),
    )
    with listening(app, http=http, ws="none", lifespan="off") as server:
        yield server


@pytest.fixture
def port(server):
    return port_of(server)


@pytest.fixture
def connection(port):
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        yield connection


def answers(connection):
    """Read until the other side hangs up."""
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def statuses(answered):
    """List the status of each answer; a body must hold none."""
    return [int(each.split()[0]) for each in answered.split(b"HTTP/1.1 ")[1:]]


def problem(answered):
    head, _, body = answered.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]) == len(body)
    return head.split()[1], json.loads(body)["type"]


@pytest.mark.parametrize(
    "begun", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: "]
)
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
    "sent",
    [b"", b"\r\n", GET.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n") + b"\r\n"],
)
def test_an_idle_connection_is_closed_without_a_further_response(connection, sent):
    connection.sendall(sent)
    assert answers(connection).count(b"HTTP/1.1") == sent.count(b"HTTP/1.1")


def test_a_connection_serves_many_requests(connection):
    for _ in range(3):
        connection.sendall(GET)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 204")
        time.sleep(HEAD_SECONDS / 2)


def test_a_second_request_on_a_connection_has_its_own_deadline(connection):
    connection.sendall(GET + b"GET / HT")
    first, second = answers(connection).split(b"\r\n\r\n", 1)
    assert (first.split()[1], problem(second)[0]) == (b"204", b"408")


def test_a_head_without_an_end_is_refused_for_its_size(connection):
    connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 8 * MAX_HEAD_BYTES)
    assert problem(answers(connection)) == (b"431", "/problems/request-header-fields-too-large")


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"<a/>\r\n\r\n"]
)
def test_bytes_that_are_not_http_get_a_problem(connection, sent):
    connection.sendall(sent)
    assert problem(answers(connection)) == (b"400", "/problems/bad-request")


@pytest.mark.parametrize(
    "begun", [b"GET /", b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % MUCH]
)
def test_a_client_that_sends_everything_first_can_read_the_refusal(connection, begun):
    connection.sendall(begun)
    connection.sendall(bytes(MUCH))
    time.sleep(0.1)
    assert answers(connection).split()[1] in {b"400", b"413"}


def test_a_client_that_keeps_sending_after_a_refusal_is_disconnected(connection):
    n_bytes = LINGER_BYTES * 2
    connection.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % n_bytes)
    with pytest.raises(OSError, match=r"reset|pipe"):
        connection.sendall(bytes(n_bytes))


@pytest.mark.parametrize("closing", [b"", b"Connection: close\r\n"])
def test_a_slow_reader_gets_the_complete_response(connection, closing):
    connection.sendall(b"GET /whole HTTP/1.1\r\nHost: x\r\n" + closing + b"\r\n")
    n_bytes, started = 0, time.monotonic()
    while n_bytes < MUCH:
        received = connection.recv(1 << 18, socket.MSG_WAITALL)
        assert received
        n_bytes += len(received)
        time.sleep(0.02)
    assert time.monotonic() - started > ANSWER_SECONDS * 2


@pytest.mark.parametrize("closing", [b"", b"Connection: close\r\n"])
def test_a_client_that_reads_nothing_is_disconnected(connection, server, closing):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 12)
    connection.sendall(b"GET /much HTTP/1.1\r\nHost: x\r\n" + closing + b"\r\n")
    started = time.monotonic()
    while not server.server_state.connections:
        time.sleep(0.01)
    while server.server_state.connections:
        assert time.monotonic() - started < 10
        time.sleep(0.05)
    assert time.monotonic() - started > ANSWER_SECONDS * 0.9


@pytest.mark.parametrize("n_parts", [1, 9])
@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: %d\r\n\r\n%b" % (len(GET), GET),
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(GET), GET),
    ],
    ids=["stated", "chunked"],
)
def test_an_upgrade_request_is_ignored_and_its_body_read(connection, sent, n_parts):
    """As Java's client wishes with its first request, whatever it is."""
    wish = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAE\r\n"
    whole = (
        b"POST /echo HTTP/1.1\r\nHost: x\r\n"
        + wish
        + sent
        + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    )
    size = -(-len(whole) // n_parts)
    for start in range(0, len(whole), size):
        connection.sendall(whole[start : start + size])
        time.sleep(0.01)  # or the parts would come as one
    first, echoed, second = answers(connection).split(b"\r\n\r\n", 2)
    assert (first.split()[1], echoed + b"\r\n\r\n", second.split()[1]) == (b"200", GET, b"204")


def test_an_upgrade_request_with_connection_close_is_answered_and_closed(connection):
    connection.sendall(
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n"
    )
    answered = answers(connection)
    assert (answered.split()[1], b"connection: close" in answered) == (b"204", True)


def test_a_connect_request_is_refused(connection):
    connection.sendall(b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n" + GET)
    assert problem(answers(connection)) == (b"400", "/problems/bad-request")


def test_nothing_is_answered_after_a_refusal(connection):
    connection.sendall(b"\0\0\r\n\r\n" + GET)
    assert problem(answers(connection)) == (b"400", "/problems/bad-request")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (GET + GARBAGE, [204, 400]),
        (SLOW + GET + GARBAGE, [204, 204, 400]),
        (SLOW + b"GET / HTTP/1.1\r\nX: " + b"x" * 2 * MAX_HEAD_BYTES, [204, 431]),
        (SLOW + b"GET / HTTP/2.0\r\n\r\n" + GET, [204, 505]),
        (SLOW + CHUNKED + b"z\r\n", [204, 400]),
        (SLOW + GET + CHUNKED + b"z\r\n", [204, 204, 400]),
        (CHUNKED + b"z\r\n" + GET, [400]),
        (LAST + GARBAGE, [204]),
    ],
    ids=["garbage", "waiting", "large", "version", "body", "waiting body", "own body", "closed"],
)
def test_a_refusal_is_sent_after_the_responses_to_all_earlier_requests(connection, sent, expected):
    connection.sendall(sent)
    assert statuses(answers(connection)) == expected


def test_a_malformed_body_after_its_response_is_not_answered_again(connection):
    connection.sendall(CHUNKED.replace(b"POST /echo", b"GET /"))
    assert connection.recv(1 << 16).startswith(b"HTTP/1.1 204")
    connection.sendall(b"z\r\n")
    assert answers(connection) == b""


def test_bytes_of_a_body_do_not_count_as_those_of_the_next_head(connection):
    body = b"x" * 3 * MAX_HEAD_BYTES
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    connection.sendall(head + body + LAST[:20])
    time.sleep(HEAD_SECONDS / 2)
    connection.sendall(LAST[20:])
    assert statuses(answers(connection)) == [200, 204]


def test_a_head_just_within_the_limit_is_accepted_at_any_offset(connection):
    sent = [
        GET * 50,
        LAST.replace(b"Host", b"X: " + b"x" * (MAX_HEAD_BYTES - PIECE_BYTES) + b"\r\nHost"),
    ]
    connection.sendall(b"".join(sent))
    assert statuses(answers(connection)) == [204] * 51


def test_trailers_never_become_headers(connection):
    trailers = b"X-Request-Id: mine\r\nX-Forwarded-For: 1.2.3.4\r\nHost: y\r\n\r\n"
    sent = CHUNKED.replace(b"/echo", b"/headers") + b"1\r\nx\r\n0\r\n" + trailers
    connection.sendall(sent + LAST.replace(b"GET /", b"GET /headers"))
    names = [line for line in answers(connection).split(b"\r\n") if line.startswith(b"x-names")]
    assert names == [b"x-names: host transfer-encoding", b"x-names: host connection"]


@pytest.mark.parametrize("trailers", [b"a:\r\n", b"x"], ids=["many", "one without an end"])
def test_trailers_without_an_end_are_refused_for_their_size(connection, trailers):
    connection.sendall(CHUNKED + b"1\r\nx\r\n0\r\n" + trailers * (4 * MAX_TRAILER_BYTES))
    assert problem(answers(connection)) == (b"431", "/problems/request-header-fields-too-large")


def test_an_extension_of_a_chunk_without_an_end_is_refused_for_its_size(connection):
    connection.sendall(CHUNKED + b"1;" + b"x" * (4 * MAX_TRAILER_BYTES))
    assert problem(answers(connection)) == (b"431", "/problems/request-header-fields-too-large")


def test_many_pipelined_upgrade_requests_are_ignored(connection):
    wish = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    sender = Thread(target=connection.sendall, args=(wish * 5_000 + LAST,))
    sender.start()
    assert statuses(answers(connection)) == [204] * 5_001
    sender.join()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1\r\n", 400),
        (b"HTTP/1.1\r\nHost: x\r\nHost: x\r\n", 400),
        (b"HTTP/1.1\r\nHost: x\r\nHost: y\r\n", 400),
        (b"HTTP/1.0\r\nHost: x\r\nHost: y\r\n", 400),
        (b"HTTP/1.1\r\nHost: x/y\r\n", 400),
        (b"HTTP/1.1\r\nHost: x y\r\n", 400),
        (b"HTTP/2.0\r\nHost: x\r\n", 505),
        (b"HTTP/0.9\r\nHost: x\r\n", 505),
        (b"HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
        (b"HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501),
        (b"HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n", 400),
        (b"HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n", 400),
        (b"HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"HTTP/1.0\r\n", 204),
        (b"HTTP/1.1\r\nHost:\r\nConnection: close\r\n", 204),
        (b"HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n", 204),
        (b"HTTP/1.1\r\nHost: my_api.example:8000\r\nConnection: close\r\n", 204),
        (b"HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n", 204),
    ],
)
def test_a_head_is_accepted_or_refused_by_the_http_grammar(connection, head, status):
    connection.sendall(b"GET / " + head + b"\r\n0\r\n\r\n")
    assert statuses(answers(connection)) == [status]


def test_only_so_many_pipelined_requests_wait_and_all_are_answered(connection, server):
    n_requests = 2_000
    connection.sendall(SLOW + GET * n_requests + LAST)
    time.sleep(0.1)
    [held] = server.server_state.connections
    waiting = len(held.pipeline)
    assert statuses(answers(connection)) == [204] * (n_requests + 2)
    assert 0 < waiting <= MAX_WAITING_REQUESTS + PIECE_BYTES // len(GET) + 1


def test_an_idle_connection_is_closed_after_its_last_request_and_no_sooner():
    idle_seconds = 0.5
    http = partial(HttpProtocol, head_seconds=9, answer_seconds=9, turns=PipelineQueue())
    with (
        listening(
            app, http=http, ws="none", lifespan="off", timeout_keep_alive=idle_seconds
        ) as server,
        socket.create_connection(("127.0.0.1", port_of(server)), timeout=15) as connection,
    ):
        for _ in range(4):
            connection.sendall(GET)
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 204")
            time.sleep(idle_seconds / 2)  # the time between requests is what this is about
        assert connection.recv(1 << 16) == b""
