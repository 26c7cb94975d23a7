"""A request that is sent twice under one key counts once."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from service.idempotency import operations
from service.idempotency.rows import RequestRow
from service.sample import ORDERS_HEADER, generate_orders
from service.stores.database import now
from tests.support.fakes import IdleEngine
from tests.support.steps import INCOME, SCORE, erase, finished, put_csv, running, upsert

pytestmark = pytest.mark.slow

MADE_OF = {
    "shape": "transactions",
    **dict(zip(("customer", "date", "amount"), ORDERS_HEADER, strict=True)),
}


@pytest.fixture
def orders(sampled, name):
    """A dataset of its own, made of transactions."""
    put_csv(sampled, name, generate_orders(20), **MADE_OF)
    return name


@pytest.fixture
def idle(settings, sample_csv):
    """A service whose jobs never run."""
    with running(settings, IdleEngine) as client:
        put_csv(client, "sample", sample_csv)
        yield client


def keyed(key, **headers):
    return {"Idempotency-Key": key, "Prefer": "wait=30", **headers}


def model(name, **asked):
    return {"name": name, "dataset": "sample", "k": 2, "features": [INCOME, SCORE], **asked}


def order(**more):
    return {
        "customers": [dict(zip(ORDERS_HEADER, ("new", "2026-01-05", 10.0), strict=True)) | more]
    }


def age(client, key, by):
    """Let a request be older than it is."""
    with client.app.state.services.stores.database.writing() as session:
        row = session.get(RequestRow, ("default", key))
        row.created_at -= by
        row.taken_at -= by


def test_a_repeated_fit_returns_the_same_version(sampled, name):
    answers = [sampled.post("/v1/models", json=model(name), headers=keyed(name)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len({answer.headers["X-Job"] for answer in answers}) == 1


def test_without_a_key_the_second_fit_is_refused(sampled, name):
    statuses = [
        sampled.post("/v1/models", json=model(name), headers={"Prefer": "wait=30"}).status_code
        for _ in range(2)
    ]
    assert statuses == [201, 409]


def test_an_unfinished_job_is_answered_as_it_is_now(idle):
    headers = keyed("mine", Prefer="wait=0")
    first, second = (idle.post("/v1/models", json=model("shop"), headers=headers) for _ in range(2))
    idle.post(f"/v1/jobs/{first.headers['X-Job']}/cancel")
    third = idle.post("/v1/models", json=model("shop"), headers=headers)
    assert [answer.json()["state"] for answer in (first, second, third)] == [
        "queued",
        "queued",
        "cancelled",
    ]


def test_fifty_at_once_with_one_key_make_one_job(idle):
    def send(_):
        return idle.post("/v1/models", json=model("shop"), headers=keyed("mine", Prefer="wait=0"))

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    assert (
        {answer.status_code for answer in answers},
        len(idle.get("/v1/jobs").json()["jobs"]),
    ) == ({202}, 1)


@pytest.mark.parametrize("other", [{"k": 3}, {"seed": 1}])
def test_another_body_under_the_same_key_is_refused(idle, other):
    idle.post("/v1/models", json=model("shop"), headers=keyed("mine", Prefer="wait=0"))
    refused = idle.post(
        "/v1/models", json=model("shop", **other), headers=keyed("mine", Prefer="wait=0")
    )
    assert (refused.status_code, refused.json()["type"]) == (
        422,
        "/problems/idempotency-key-reused",
    )


def test_another_path_under_the_same_key_is_refused(idle):
    idle.post("/v1/models", json=model("shop"), headers=keyed("mine", Prefer="wait=0"))
    refused = idle.post(
        "/v1/datasets/sample/recommendations", json=model("shop"), headers=keyed("mine")
    )
    assert refused.status_code == 422


def test_a_refused_request_may_be_repeated_with_a_corrected_body(idle):
    refused = idle.post("/v1/models", json=model("shop", dataset="missing"), headers=keyed("mine"))
    mended = idle.post("/v1/models", json=model("shop"), headers=keyed("mine", Prefer="wait=0"))
    assert (refused.status_code, mended.status_code) == (404, 202)


def test_a_key_is_free_again_after_a_day(idle):
    idle.post("/v1/models", json=model("shop"), headers=keyed("mine", Prefer="wait=0"))
    age(idle, "mine", timedelta(hours=24, seconds=1))
    other = idle.post("/v1/models", json=model("market"), headers=keyed("mine", Prefer="wait=0"))
    assert other.status_code == 202


@pytest.mark.parametrize("key", ["a b", "ä", "x" * 256, ""])
def test_invalid_keys_are_refused(idle, key):
    headers = [(b"Idempotency-Key", key.encode("latin-1")), (b"Prefer", b"wait=0")]
    assert idle.post("/v1/models", json=model("shop"), headers=headers).status_code == 422


def test_transactions_sent_again_count_once(sampled, orders):
    def orders_of_the_newcomer():
        found = sampled.get(f"/v1/datasets/{orders}/customers/new").json()
        return found["customer"]["frequency"] if "customer" in found else 0

    before = orders_of_the_newcomer()
    first, second = (
        sampled.post(f"/v1/datasets/{orders}/transactions", json=order(), headers=keyed(orders))
        for _ in range(2)
    )
    assert (first.status_code, first.json(), orders_of_the_newcomer()) == (
        200,
        second.json(),
        before + 1,
    )


def test_a_batch_of_customers_sent_again_makes_one_version(sampled, name, sample_csv):
    put_csv(sampled, name, sample_csv)
    batch = {"customers": [{"CustomerID": "1", "Age": 40}, {"CustomerID": "new", "Age": "old"}]}
    first, second = (
        sampled.post(f"/v1/datasets/{name}/customers", json=batch, headers=keyed(name))
        for _ in range(2)
    )
    assert (first.json(), sampled.get(f"/v1/datasets/{name}").json()["dataset_version"]) == (
        second.json(),
        2,
    )


def upsert_keyed(client, name, key, **cells):
    row = {"CustomerID": 1, **cells}
    return client.post(
        f"/v1/datasets/{name}/customers",
        json={"customers": [row]},
        headers={"Idempotency-Key": key},
    )


def test_an_upsert_sent_again_is_answered_as_the_first_and_writes_nothing(
    sampled, name, sample_csv
):
    put_csv(sampled, name, sample_csv)
    first = upsert_keyed(sampled, name, name, Age=30)
    upsert(sampled, name, {"CustomerID": 1, "Age": 40})
    again = upsert_keyed(sampled, name, name, Age=30)
    assert (again.status_code, again.content) == (200, first.content)
    assert sampled.get(f"/v1/datasets/{name}/customers/1").json()["customer"]["Age"] == 40


def test_twenty_upserts_at_once_with_one_key_write_once(sampled, name, sample_csv):
    put_csv(sampled, name, sample_csv)
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: upsert_keyed(sampled, name, name, Age=30), range(20)))
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (200, answers[0].content)
    }
    assert sampled.get(f"/v1/datasets/{name}").json()["dataset_version"] == 2


def test_an_upsert_with_the_key_of_another_is_refused_and_writes_nothing(sampled, name, sample_csv):
    put_csv(sampled, name, sample_csv)
    upsert_keyed(sampled, name, name, Age=30)
    answer = upsert_keyed(sampled, name, name, Age=31)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert sampled.get(f"/v1/datasets/{name}").json()["dataset_version"] == 2


def test_a_key_of_an_upsert_is_free_again_after_a_day(sampled, name, sample_csv):
    put_csv(sampled, name, sample_csv)
    upsert_keyed(sampled, name, name, Age=30)
    age(sampled, name, timedelta(hours=25))
    assert upsert_keyed(sampled, name, name, Age=31).json()["dataset_version"] == 3


def test_expired_requests_are_deleted_and_others_kept(client, sample_csv):
    put_csv(client, "shop", sample_csv)
    for key in ("old", "new"):
        upsert_keyed(client, "shop", key, Age=30)
    age(client, "old", timedelta(hours=25))
    database = client.app.state.services.stores.database
    operations.delete_expired(database)
    with database.reading() as session:
        assert [row.key for row in session.query(RequestRow)] == ["new"]


def test_a_refused_batch_may_be_sent_again_mended(sampled, orders):
    bad, good = order(**{ORDERS_HEADER[2]: "much"}), order()
    statuses = [
        sampled.post(
            f"/v1/datasets/{orders}/transactions", json=batch, headers=keyed(orders)
        ).status_code
        for batch in (bad, good)
    ]
    assert statuses == [422, 200]


def test_a_request_that_still_runs_is_not_begun_again(sampled, orders):
    database = sampled.app.state.services.stores.database
    sampled.post(f"/v1/datasets/{orders}/transactions", json=order(), headers=keyed(orders))
    with database.writing() as session:
        row = session.get(RequestRow, ("default", orders))
        row.done, row.answer, row.taken_at = False, None, now()
    waiting = sampled.post(
        f"/v1/datasets/{orders}/transactions", json=order(), headers=keyed(orders)
    )
    age(sampled, orders, operations.ABANDONED_AFTER + timedelta(seconds=1))
    taken_over = sampled.post(
        f"/v1/datasets/{orders}/transactions", json=order(), headers=keyed(orders)
    )
    assert (waiting.status_code, waiting.json()["type"]) == (409, "/problems/still-running")
    assert taken_over.status_code == 200


def test_a_stored_response_with_customer_ids_is_deleted_by_an_erasure(client, sample_csv):
    put_csv(client, "shop", sample_csv)
    batch = {"customers": [{"CustomerID": "1", "Age": 40}]}
    client.post("/v1/datasets/shop/customers", json=batch, headers=keyed("mine"))
    finished(client, erase(client, "shop", "1"))
    again = client.post("/v1/datasets/shop/customers", json=batch, headers=keyed("mine"))
    assert (again.status_code, again.json()["type"]) == (409, "/problems/answer-forgotten")
    assert client.get("/v1/datasets/shop/customers/1").status_code == 404


def test_a_superseded_attempt_cannot_finish(client):
    database = client.app.state.services.stores.database
    sent = operations.KeyedRequest(tenant="default", key="mine", fingerprint="f")
    operations.begin_request(database, sent)
    age(client, "mine", operations.ABANDONED_AFTER + timedelta(seconds=1))
    with database.reading() as session:
        slow = session.get(RequestRow, ("default", "mine"))
    time.sleep(0.001)
    operations.begin_request(database, sent)
    with pytest.raises(operations.StillRunning), database.writing() as session:
        operations.complete_request(session, slow, b"late")


@pytest.mark.parametrize(
    ("limits", "n"), [({"unfinished_jobs": 2}, 2), ({"unfinished_jobs_per_tenant": 1}, 1)]
)
def test_too_many_waiting_jobs_are_refused_with_retry_after(
    at_home, tmp_path, sample_csv, limits, n
):
    with running(at_home(tmp_path, **limits), IdleEngine) as client:
        put_csv(client, "sample", sample_csv)
        answers = [
            client.post("/v1/models", json=model(f"shop-{number}"), headers={"Prefer": "wait=0"})
            for number in range(n + 1)
        ]
    assert [answer.status_code for answer in answers] == [202] * n + [429]
    assert (answers[-1].json()["type"], answers[-1].headers["Retry-After"]) == (
        "/problems/too-many-jobs",
        "2",
    )
