"""Several API processes on one port, as `serve --processes 2` runs them."""

import json
import signal
import socket
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bench.server import Server, wait_for
from service.auth import operations
from service.auth.api_keys import generate_key
from service.stores.database import Database
from tests.processes.long_fits import living

pytestmark = pytest.mark.processes

LIMIT = 400
KEY = generate_key()
CUSTOMERS = {"customers": [{"Annual Income (k$)": 60, "Spending Score (1-100)": 50}]}
ASSIGNMENTS = "/v1/models/sample/assignments"
ALIAS = "/v1/models/sample/aliases/production"
_numbers = count()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A service of two processes, with the sample."""
    with Server(
        tmp_path_factory.mktemp("pair") / "home",
        "--processes",
        "2",
        "--sample",
        workers="1",
        bootstrap_key=KEY,
        requests_per_minute=str(LIMIT),
    ) as server:
        wait_for(lambda: len(pids(server)) == 2, "both processes")
        yield server


@pytest.fixture
def each(pair):
    """A connection to each of the two processes."""
    with ExitStack() as stack:
        yield connections(pair, stack)


@pytest.fixture
def key(pair):
    """Make a key that no other test uses."""
    return create_key(pair)[0]


def create_key(server):
    with closing(Database(f"sqlite:///{server.home / 'metadata.sqlite'}")) as database:
        name = f"key-{next(_numbers)}"
        return operations.create_key(database, tenant="default", name=name, scope="admin")


def connect(server):
    address = urlsplit(str(server.http.base_url))
    return HTTPConnection(address.hostname, address.port, timeout=60)


def log(server):
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def pids(server):
    """Return the processes that accept requests."""
    return {line["pid"] for line in log(server) if "startup complete" in line["event"]} & {
        process.pid for process in living(server.family())
    }


def process_of(server, request):
    """Return the process that answered a request, by its line in the log."""

    def find():
        return [line["pid"] for line in log(server) if line.get("request_id") == request]

    return wait_for(find, "the line of a request")[0]


def kill_one(server):
    """Kill one of the two processes, and wait until it has ended."""
    killed = min(pids(server))
    next(process for process in server.family() if process.pid == killed).kill()
    wait_for(lambda: killed not in pids(server), "its end")


def connections(server, stack):
    """Open connections until there is one to each process."""

    def connected():
        connection = stack.enter_context(closing(connect(server)))
        request = f"probe-{next(_numbers)}"
        ask(connection, "/livez", request=request)
        found[process_of(server, request)] = connection
        return len(found) == 2

    found = {}
    wait_for(connected, "a connection to each process")
    return list(found.values())


def ask(connection, path, key=None, *, body=None, request="test"):
    headers = {"Content-Type": "application/json", "X-Request-ID": request}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def scrape(connection, key):
    status, text = ask(connection, "/metrics", key)
    assert status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def requests_counted(connection, key):
    figures = scrape(connection, key)
    return figures.get(("segmentation_requests_total", "GET", "/v1/models/{model}", "404"), 0)


def test_one_parent_has_two_api_processes_and_one_engine(pair):
    commands = [" ".join(process.cmdline()) for process in pair.family()]
    assert [
        sum(f"service {name}" in each for each in commands)
        for name in ("serve", "api-process", "engine")
    ] == [1, 2, 1]


def test_the_address_is_printed_once(pair):
    assert pair.said.read_text().count("listens on") == 1


def test_every_line_of_the_log_is_a_json_object(pair):
    assert all(isinstance(line, dict) for line in log(pair))


def test_either_process_returns_the_requests_of_both(each, key):
    before = requests_counted(each[0], key)
    for connection in each * 3:
        ask(connection, "/v1/models/missing", key)
    assert all(
        wait_for(lambda c=connection: requests_counted(c, key) == before + 6, "the sum")
        for connection in each
    )


def test_metrics_of_the_database_are_not_added_up(each, key):
    assert [scrape(connection, key)["segmentation_database_up",] for connection in each] == [1, 1]


def test_a_limit_of_requests_holds_over_both_processes(each, key):
    statuses = [ask(each[n % 2], "/v1/version-of-nothing", key)[0] for n in range(LIMIT + 10)]
    assert (statuses[:LIMIT].count(429), statuses[LIMIT:].count(429)) == (0, 10)


def test_a_revoked_key_is_refused_by_both_within_a_second(pair, each):
    key, row = create_key(pair)
    before = [ask(connection, "/v1/models", key)[0] for connection in each]
    with closing(Database(f"sqlite:///{pair.home / 'metadata.sqlite'}")) as database:
        operations.revoke_key(database, row.id)
    time.sleep(1)
    assert (before, [ask(connection, "/v1/models", key)[0] for connection in each]) == (
        [200, 200],
        [401, 401],
    )


@pytest.fixture
def two_versions(pair, key):
    """Fit a second version of the sample model, which its alias does not name."""
    headers = {"Authorization": f"Bearer {key}", "Prefer": "wait=60"}
    wait_for(lambda: pair.http.get(ALIAS, headers=headers).is_success, "the sample model")
    made = pair.http.post("/v1/models/sample/versions", json={"k": 3}, headers=headers)
    assert made.status_code == 201, made.text


# The connections are opened after the fit, which takes longer than they may be idle.
@pytest.mark.usefixtures("two_versions")
def test_both_processes_see_a_moved_alias_within_a_second(pair, key, each):
    def version(connection):
        status, answer = ask(connection, ASSIGNMENTS, key, body=CUSTOMERS)
        return json.loads(answer)["version"] if status == 200 else None

    before = [version(connection) for connection in each]
    headers = {"Authorization": f"Bearer {key}"}
    moved = pair.http.put(ALIAS, json={"version": 2}, headers=headers)
    time.sleep(1)
    after = [version(connection) for connection in each]
    assert (before, after) == ([1, 1], [2, 2]), moved.text


def test_a_killed_process_is_restarted_while_the_other_answers(pair):
    before = pids(pair)
    kill_one(pair)
    with ExitStack() as stack:
        fresh = [stack.enter_context(closing(connect(pair))) for _ in range(20)]
        statuses = {ask(connection, "/livez")[0] for connection in fresh}
    wait_for(lambda: len(pids(pair)) == 2, "the process to be restarted")
    assert (statuses, len(pids(pair) - before)) == ({200}, 1)


def test_no_counter_decreases_when_a_process_is_killed(pair, each, key):
    for connection in each:
        ask(connection, "/v1/models/missing", key)
    before = requests_counted(each[0], key)
    kill_one(pair)
    wait_for(lambda: len(pids(pair)) == 2, "the process to be restarted")
    with closing(connect(pair)) as connection:
        assert requests_counted(connection, key) >= before


def test_sigterm_answers_accepted_requests_and_leaves_no_process(tmp_path):
    with Server(tmp_path / "home", "--processes", "2", workers="1") as server:
        wait_for(lambda: len(pids(server)) == 2, "both processes")
        members = server.family()
        address = urlsplit(str(server.http.base_url))
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(
                b"PUT /v1/datasets/late HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: text/csv\r\nContent-Length: 8\r\n\r\na,b\n"
            )
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(b"1,2\n")
            answer = connection.recv(100)
        left = wait_for(lambda: not living(members), "all processes to end")
        assert (answer[:12], server.process.wait(), left) == (b"HTTP/1.1 201", 0, True)


def test_a_killed_parent_takes_all_processes_with_it(tmp_path):
    with Server(tmp_path / "home", "--processes", "2", workers="1") as server:
        wait_for(lambda: len(pids(server)) == 2, "both processes")
        members = server.family()
        server.process.kill()
        server.process.wait()
        assert wait_for(lambda: not living(members), "all processes to end")
