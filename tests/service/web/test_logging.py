"""The log: one JSON object for each line, and no customer's values in it."""

import asyncio
import json
import logging
import warnings
from datetime import UTC, datetime
from select import PIPE_BUF

import pytest

from service.web.logging import AccessLogEntry, BatchingJsonHandler, summarize_exception

CANARY = "Zanzibar-77"
CSV = {"Content-Type": "text/csv"}
TABLE = "id,town,age\n" + "".join(f"{n},{(CANARY, 'Ulm')[n % 2]},{n}\n" for n in range(20))


@pytest.fixture
def line(sampled, read_log):
    """The one line that a request leaves."""

    def line(method, path, **sent):
        read_log()
        answer = sampled.request(method, path, **sent)
        [line] = [line for line in read_log() if line["event"] == "request"]
        return answer, line

    return line


def fail():
    """Give an error that was raised with a customer's value in it."""
    try:
        int(CANARY)
    except ValueError as error:
        return error


def use(client, town, age):
    """Do with a customer's values whatever can be done, well and badly."""
    client.put("/v1/datasets/towns", content=TABLE, headers=CSV)
    client.put("/v1/datasets/towns", content=f"town,age\n{town}\n", headers=CSV)
    client.put("/v1/datasets/towns", json={"customers": [{"town": {town: age}}]})
    for name, k in (("towns", 2), ("too-many", 999)):
        asked = {"name": name, "dataset": "towns", "k": k}
        client.post("/v1/models", json=asked, headers={"Prefer": "wait=30"})
    for customer in ({"id": town, "town": town, "age": age}, {"town": [town]}, {town: town}):
        client.post("/v1/models/towns/assignments", json={"customers": [customer]})
    client.get(f"/v1/models/{town}")
    client.get(f"/{town}?{town}={town}")


def test_a_request_leaves_a_line_with_its_id(line):
    answer, logged = line("GET", "/livez")
    assert logged["request_id"] == answer.headers["X-Request-ID"]


def test_a_clients_request_id_is_kept(line):
    answer, logged = line("GET", "/livez", headers={"X-Request-ID": "order-4711"})
    assert logged["request_id"] == answer.headers["X-Request-ID"] == "order-4711"


@pytest.mark.parametrize("given_id", ["", "a b", "x" * 65, '{"a": 1}'])
def test_an_id_that_could_harm_the_log_is_replaced(line, given_id):
    answer, _ = line("GET", "/livez", headers={"X-Request-ID": given_id})
    assert answer.headers["X-Request-ID"] != given_id


def test_every_request_has_an_id_of_its_own(line):
    assert len({line("GET", "/livez")[1]["request_id"] for _ in range(3)}) == 3


def test_a_request_is_logged_by_the_pattern_of_its_route(line):
    _, logged = line("GET", f"/v1/datasets/{CANARY.lower()}")
    assert (logged["route"], logged["method"], logged["status"]) == (
        "/v1/datasets/{dataset}",
        "GET",
        404,
    )


def test_an_unknown_path_is_not_logged(line):
    _, logged = line("GET", f"/{CANARY}")
    assert CANARY not in str(logged)


def test_a_refused_host_is_logged_as_well(line):
    _, logged = line("GET", "/livez", headers={"Host": "shop.example"})
    assert logged["status"] == 403


def test_a_line_has_its_time_and_level(line):
    _, logged = line("GET", "/livez")
    assert (logged["level"], logged["timestamp"][-1]) == ("info", "Z")


def test_no_value_of_a_customer_is_ever_logged(client, read_log):
    use(client, CANARY, 77.125)
    lines = read_log()
    assert not [line for line in lines if CANARY in str(line) or "77.125" in str(line)]


def test_succeeded_and_failed_requests_are_logged(client, read_log):
    use(client, CANARY, 77.125)
    assert {line["status"] for line in read_log() if line["event"] == "request"} == {
        200,
        201,
        404,
        422,
    }


def test_a_failed_job_is_logged_with_its_id(client, read_log):
    client.put("/v1/datasets/towns", content=TABLE, headers=CSV)
    asked = {"name": "towns", "dataset": "towns", "k": 999}
    job = client.post("/v1/models", json=asked, headers={"Prefer": "wait=30"}).headers["X-Job"]
    [failed] = [line for line in read_log() if line["event"] == "job failed"]
    assert (failed["job"], failed["error"]) == (job, "TooFewCustomers")


def test_a_jobs_log_lines_have_the_id_of_the_request_that_created_it(client, read_log):
    client.put("/v1/datasets/towns", content=TABLE, headers=CSV)
    asked = {"name": "towns", "dataset": "towns", "k": 999}
    client.post(
        "/v1/models", json=asked, headers={"Prefer": "wait=30", "X-Request-ID": "order-4711"}
    )
    [failed] = [line for line in read_log() if line["event"] == "job failed"]
    assert failed["request_id"] == "order-4711"


def test_an_unforeseen_error_is_logged_without_its_message(broken, read_log):
    broken.put("/v1/datasets/towns", content=TABLE, headers=CSV)
    [line] = [line for line in read_log() if line["event"] == "unforeseen"]
    assert (line["error"], CANARY in str(line)) == ("ValueError", False)


def test_a_warning_is_logged_without_its_message(read_log):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(CANARY, stacklevel=1)
    [line] = read_log()
    assert (line["event"], line["kind"], CANARY in str(line)) == ("warning", "UserWarning", False)


def test_an_error_is_described_without_its_message():
    described = summarize_exception(fail())
    assert (described["error"], CANARY in str(described)) == ("ValueError", False)


@pytest.mark.parametrize("library", ["library", "tornado.application"])
@pytest.mark.parametrize("error", [None, fail()])
def test_log_records_of_libraries_are_json_objects_too(read_log, capfd, library, error):
    logging.getLogger(library).error("went wrong", exc_info=error)
    assert capfd.readouterr().err == ""
    [line] = read_log()
    assert (line["event"], line["level"], CANARY in str(line)) == ("went wrong", "error", False)


class Writes:
    """A stream that remembers each write."""

    def __init__(self):
        self.texts = []

    def write(self, text):
        self.texts.append(text)

    def flush(self):
        pass


def test_log_lines_are_written_to_a_pipe_atomically():
    async def write(stream):
        handler = BatchingJsonHandler(stream)
        for n in range(200):
            handler.write_entry(
                AccessLogEntry("GET", "/livez", 200, 0.1, str(n), datetime.now(UTC))
            )
        handler.flush()

    stream = Writes()
    asyncio.run(write(stream))
    assert all(len(text) <= PIPE_BUF and text.endswith("}\n") for text in stream.texts)
    assert [json.loads(line)["request_id"] for line in "".join(stream.texts).splitlines()] == [
        str(n) for n in range(200)
    ]
