"""Clients that no service deserves, and one good client among them."""

import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import psutil

PUT = b"PUT /v1/datasets/much HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/csv\r\n"
HUNDRED_MEGABYTES = 100_000_000
PIECE = b"1,2\n" * 16_384


def connected(server):
    url = urlsplit(str(server.http.base_url))
    return socket.create_connection((url.hostname, url.port), timeout=60)


def refused_upload(server, *, chunked):
    """Send a hundred megabytes, for as long as they are taken.

    Give the answer's head, and after how many seconds.
    """
    with connected(server) as connection:
        started = time.perf_counter()
        length = (
            b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % HUNDRED_MEGABYTES
        )
        connection.sendall(PUT + length + b"\r\n\r\n")
        sender = threading.Thread(target=_send, args=(connection, chunked))
        sender.start()
        answer = connection.recv(1 << 16)
        seconds = time.perf_counter() - started
        sender.join()
    return answer, seconds


def _send(connection, chunked):
    piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE
    try:
        for _ in range(HUNDRED_MEGABYTES // len(PIECE)):
            connection.sendall(piece)
    except OSError:
        pass  # it was hung up on


@contextmanager
def most_memory(process):
    """Watch how many bytes a process needs beyond what it had.

    The list that is given holds the most at its end.
    """
    before, seen, done = process.memory_info().rss, [0], threading.Event()

    def watch():
        while not done.wait(0.01):
            seen[0] = max(seen[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def crowd(server, n):
    """Open connections that trickle bytes, half of them in the head and half in the body.

    Gives how many seconds each lived.
    """
    beginnings = (b"GET /livez HTTP/1.1\r\nX: ", PUT + b"Content-Length: 1000\r\n\r\n")
    with ExitStack() as stack:
        opened = {}
        for k in range(n):
            connection = stack.enter_context(connected(server))
            connection.sendall(beginnings[k % 2])
            connection.settimeout(0)
            opened[connection] = time.perf_counter()
        yield from _lives(opened)


def _lives(opened):
    while opened:
        for connection, since in list(opened.items()):
            if _is_gone(connection):
                del opened[connection]
                yield time.perf_counter() - since
        time.sleep(0.1)


def _is_gone(connection):
    try:
        connection.send(b"x")
        return connection.recv(1 << 16) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@contextmanager
def good_client(server, path="/v1/models"):
    """Ask the same again and again beside whatever else happens.

    Gives the milliseconds of each answer.
    """
    took, done = [], threading.Event()

    def ask():
        with httpx.Client(base_url=server.http.base_url) as client:
            while not done.wait(0.01):
                started = time.perf_counter()
                assert client.get(path).is_success
                took.append((time.perf_counter() - started) * 1000)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield took
    finally:
        done.set()
        asker.join()


def api_of(server) -> psutil.Process:
    return server.family()[0]
