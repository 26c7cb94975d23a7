"""Every refusal is a problem, and none gives anything away."""

import pytest

import service.tasks  # noqa: F401 - its errors are looked at, too
from models.errors import SegmentationError
from service.engine.client import EngineUnavailable
from service.errors import (
    FieldError,
    InvalidRequest,
    NotFound,
    ServiceError,
    TableBusy,
    Unavailable,
)
from service.web.exception_handlers import JobFailed, problem_response
from service.web.problems import status_of, to_problem
from tests.support.steps import INCOME

CANARY = "Zanzibar-77"
MEDIA_TYPE = "application/problem+json"
REFUSED = [
    pytest.param("GET", "/nowhere", {}, 404, id="no-route"),
    pytest.param("GET", "/v1/models/nowhere", {}, 404, id="no-resource"),
    pytest.param("PATCH", "/v1/models", {}, 405, id="no-method"),
    pytest.param("GET", "/v1/models/Nowhere", {}, 422, id="bad-path"),
    pytest.param("GET", "/v1/models?page_size=0", {}, 422, id="bad-query"),
    pytest.param("POST", "/v1/models", {"json": {}}, 422, id="bad-body"),
    pytest.param(
        "POST",
        "/v1/models",
        {"json": {"name": "sample", "dataset": "sample", "k": 1}},
        409,
        id="taken",
    ),
    pytest.param("PUT", "/v1/datasets/no", {"content": "<a/>"}, 415, id="no-format"),
    pytest.param("PUT", "/v1/datasets/no", {"json": {"customers": []}}, 422, id="no-customers"),
    pytest.param("GET", "/livez", {"headers": {"Host": "shop.example"}}, 403, id="other-host"),
]


def descendants(kind):
    return {kind}.union(*map(descendants, kind.__subclasses__()))


def test_every_error_has_a_status_of_its_own():
    errors = descendants(ServiceError) | descendants(SegmentationError)
    assert {kind for kind in errors if status_of(kind) is None} == {
        ServiceError,
        SegmentationError,
        JobFailed,
    }


@pytest.mark.parametrize(("method", "path", "sent", "status"), REFUSED)
def test_every_refusal_is_a_problem(sampled, method, path, sent, status):
    answer = sampled.request(method, path, **sent)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, MEDIA_TYPE)


@pytest.mark.parametrize(("method", "path", "sent", "status"), REFUSED)
def test_a_problem_repeats_the_status_and_the_id_of_its_request(
    sampled, method, path, sent, status
):
    answer = sampled.request(method, path, **sent)
    problem = answer.json()
    assert (problem["status"], problem["instance"]) == (
        status,
        f"urn:request:{answer.headers['X-Request-ID']}",
    )


@pytest.mark.parametrize(("method", "path", "sent", "status"), REFUSED)
def test_the_type_of_a_problem_is_where_it_is_explained(sampled, method, path, sent, status):
    kind = sampled.request(method, path, **sent).json()["type"]
    assert sampled.get(kind).json()["status"] == status


def test_an_unforeseen_problem_is_explained(sampled):
    assert sampled.get(to_problem(RuntimeError())["type"]).status_code == 200


def test_every_problem_that_is_listed_is_explained(sampled):
    listed = sampled.get("/problems").json()["problems"]
    assert [sampled.get(problem["type"]).json() for problem in listed] == listed


def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(sampled):
    assert set(sampled.patch("/v1/models").headers["Allow"].split(", ")) >= {"GET", "POST"}


@pytest.mark.parametrize("error", [Unavailable(), EngineUnavailable(), TableBusy()])
def test_retryable_problems_have_retry_after(error):
    assert int(problem_response(to_problem(error)).headers["Retry-After"]) > 0


@pytest.mark.parametrize("n", [1, 100, 5000])
def test_faults_are_listed_up_to_a_hundred_and_counted_in_all(sampled, n):
    answer = sampled.post(
        "/v1/models/sample/assignments", json={"customers": [{INCOME: True}] * n}
    ).json()
    assert (len(answer["errors"]), answer["n_errors"]) == (min(n, 100), n)


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "ß" * 100_000, '"' * 100_000, "\x01" * 100_000, "😀" * 100_000]
)
def test_no_problem_is_larger_than_sixteen_kilobytes(sampled, text):
    faults = {
        "customers": [{text: 1, INCOME: {}} for _ in range(3)],
        "features": [text] * 200,
        text: 1,
    }
    answer = sampled.post("/v1/models", json={"name": text, "dataset": text, "k": 1, **faults})
    assert len(answer.content) <= 16_384


def test_many_long_faults_fit_into_a_problem():
    faults = [
        FieldError(detail="\u0001" * 1000, pointer="/" + "ß" * 1000, row=n, customer_id="😀" * 256)
        for n in range(200)
    ]
    assert len(str(to_problem(InvalidRequest("ß" * 5000, errors=faults))).encode()) <= 16_384


def test_a_detail_is_the_message_of_the_error():
    assert (
        to_problem(NotFound("There is no dataset called shop"))["detail"]
        == "There is no dataset called shop"
    )


def test_an_error_without_a_message_has_its_docstring_as_detail():
    assert to_problem(NotFound())["detail"] == "There is nothing under this name."


def test_an_unexpected_error_does_not_leak_its_message(broken):
    answer = broken.put("/v1/datasets/shop", json={"customers": [{"id": 1, "age": 30}]})
    assert (answer.status_code, answer.headers["Content-Type"], CANARY in answer.text) == (
        500,
        MEDIA_TYPE,
        False,
    )


def test_after_an_unforeseen_error_others_are_answered(broken):
    broken.put("/v1/datasets/shop", json={"customers": [{"id": 1, "age": 30}]})
    assert broken.get("/v1/datasets").json()["datasets"] == []


@pytest.mark.parametrize(
    "body",
    [
        '{"name": ',
        "[]",
        "5",
        '{"k": NaN}',
        '{"k": 1e999}',
        '{"a": "\\ud800"}',
        "[" * 100_000,
        '{"k": ' + "9" * 5000,
    ],
)
def test_an_unreadable_body_is_a_client_error(sampled, body):
    answer = sampled.post("/v1/models", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500
