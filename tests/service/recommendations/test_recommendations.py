"""Recommendations over HTTP."""

import json
import math
from dataclasses import replace

import pytest

from service.config import Settings
from service.recommendations import operations
from service.sample import generate_sample
from service.stores import open_stores
from service.tasks import run_attempt
from tests.support.erasures import erase_now
from tests.support.fakes import IdleEngine, Interrupted
from tests.support.steps import (
    INCOME,
    SCORE,
    erase,
    finished,
    put_csv,
    recommend,
    running,
    upsert,
)

pytestmark = pytest.mark.slow

ANSWERED = {
    "recommendation", "dataset", "dataset_version", "algorithm", "features", "k_min", "k_max",
    "min_share", "seed", "k", "probability", "credible_set", "probabilities", "text", "verdicts",
    "n_customers", "n_sampled", "n_measured", "warnings", "job", "created_at",
}  # fmt: skip
UNKNOWN = "rec_0000000000000000"


def table(cell, n_customers=40):
    """Customers with one column, whose cells are made of their row."""
    return "id,spent\n" + "".join(f"c{n},{cell(n)}\n" for n in range(n_customers))


def address(dataset="sample", recommendation=None):
    return f"/v1/datasets/{dataset}/recommendations" + (
        f"/{recommendation}" if recommendation else ""
    )


def ask(client, dataset="sample", wait="wait=30", **asked):
    return client.post(address(dataset), json=asked, headers={"Prefer": wait})


def listed(client, dataset, **query):
    return client.get(address(dataset), params=query).json()


@pytest.fixture(scope="module")
def given(sampled):
    """A recommendation for the sample's income and score."""
    return recommend(sampled)


@pytest.fixture(scope="module")
def few(sampled):
    """A dataset that is judged quickly."""
    put_csv(sampled, "judged-quickly", generate_sample(n_customers=60))
    return "judged-quickly"


@pytest.fixture(scope="module")
def made(sampled):
    """The recommendations for a dataset that has three, the oldest first."""
    put_csv(sampled, "judged-thrice", generate_sample(n_customers=30))
    return [recommend(sampled, "judged-thrice", k_max=k_max) for k_max in (2, 3, 4)]


@pytest.fixture
def waiting(settings):
    """A service whose jobs wait, and the stores to run them in."""
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "sample", generate_sample(n_customers=30))
        stores = open_stores(settings)
        yield client, stores
        stores.database.close()


@pytest.fixture
def own(sampled, name):
    """A dataset of its own."""
    put_csv(sampled, name, generate_sample(n_customers=30))
    return name


def test_a_recommendation_done_in_time_is_created_at_its_address(sampled, few):
    answer = ask(sampled, few, features=[INCOME, SCORE], k_max=6)
    assert answer.status_code == 201
    assert sampled.get(answer.headers["Location"]).json() == answer.json()


def test_a_recommendation_shows_its_request_and_its_result(given):
    assert given.keys() == ANSWERED


def test_the_sample_holds_five_segments_by_income_and_score(given):
    assert given["k"] == 5


def test_the_most_probable_number_leads_the_credible_set(given):
    assert str(given["credible_set"][0]) == max(
        given["probabilities"], key=given["probabilities"].get
    )


def test_the_probabilities_add_up(given):
    assert sum(given["probabilities"].values()) == pytest.approx(1)


def test_the_probability_of_k_is_among_the_probabilities(given):
    assert given["probability"] == given["probabilities"][str(given["k"])]


def test_every_score_is_a_number_under_its_k(given):
    scores = [pair for verdict in given["verdicts"] for pair in verdict["scores"].items()]
    assert scores
    assert all(k.isdecimal() and math.isfinite(score) for k, score in scores)


def test_without_waiting_the_response_is_the_job(sampled, few):
    answer = ask(sampled, few, wait="wait=0", features=[INCOME])
    job = finished(sampled, answer.json()["job"])
    assert (answer.status_code, answer.headers["Location"], job["kind"]) == (
        202,
        f"/v1/jobs/{job['job']}",
        "recommend",
    )


def test_a_job_without_a_waiting_client_names_its_recommendation(sampled, few):
    job = finished(sampled, ask(sampled, few, wait="wait=0", features=[SCORE]).json()["job"])
    assert sampled.get(address(**job["result"])).json()["job"] == job["job"]


def test_without_features_every_number_and_category_is_one(sampled, few):
    features = recommend(sampled, few, features=None)["features"]
    assert [feature["name"] for feature in features] == ["Gender", "Age", INCOME, SCORE]


def test_the_same_request_has_the_same_recommendation(sampled, few):
    kept = ("k", "probabilities", "verdicts", "text")
    once, again = (recommend(sampled, few) for _ in range(2))
    assert [once[each] for each in kept] == [again[each] for each in kept]


def test_recommendations_are_listed_as_they_are_shown_with_the_newest_first(sampled, made):
    assert listed(sampled, "judged-thrice")["recommendations"] == made[::-1]


def test_recommendations_are_paginated(sampled, made):
    first = listed(sampled, "judged-thrice", page_size=2)
    rest = listed(sampled, "judged-thrice", page_size=2, page_token=first["next_page_token"])
    assert [first["recommendations"], rest["recommendations"]] == [made[:0:-1], made[:1]]
    assert rest["next_page_token"] is None


def test_unfinished_recommendations_are_not_listed(waiting):
    client, _ = waiting
    ask(client, wait="wait=0")
    assert listed(client, "sample")["recommendations"] == []


@pytest.mark.parametrize("call", [ask, lambda client, dataset: client.get(address(dataset))])
def test_there_is_no_recommendation_for_a_dataset_that_is_not_there(sampled, call):
    assert call(sampled, "nowhere").status_code == 404


def test_an_absent_recommendation_is_not_found(sampled):
    assert sampled.get(address("sample", UNKNOWN)).status_code == 404


def test_a_recommendation_for_another_dataset_is_not_found(sampled, given, own):
    assert sampled.get(address(own, given["recommendation"])).status_code == 404


def test_a_page_token_of_another_dataset_is_refused(sampled, given, own):
    assert given["dataset"] != own
    token = listed(sampled, "sample", page_size=1)["next_page_token"]
    assert sampled.get(address(own), params={"page_token": token}).is_client_error


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"k_min": 5, "k_max": 4}, "/k_min"),
        ({"k_min": 20}, "/k_min"),
        ({"k_min": 0}, "/k_min"),
        ({"k_max": 31}, "/k_max"),
        ({"k_max": True}, "/k_max"),
        ({"min_share": 0.6}, "/min_share"),
        ({"min_share": "0.1"}, "/min_share"),
        ({"min_share": -0.1}, "/min_share"),
        ({"criteria": []}, "/criteria"),
        ({"criteria": ["tea leaves"]}, "/criteria/0"),
        ({"features": ["nope"]}, "/features/0"),
        ({"features": [INCOME, INCOME]}, "/features/1"),
        ({"features": ["CustomerID"]}, "/features/0"),
        ({"algorithm": {"name": "dbscan"}}, "/algorithm"),
        ({"algorithm": {"name": "hierarchical", "distance": 3}}, "/algorithm/distance"),
        ({"seed": -1}, "/seed"),
        ({"k": 5}, "/k"),
    ],
)
def test_invalid_requests_have_pointers_to_their_faults(sampled, asked, pointer):
    answer = ask(sampled, **asked)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_a_version_that_is_not_there_is_not_found(sampled):
    assert ask(sampled, dataset_version=99).status_code == 404


def test_limits_restrict_the_choice_and_not_the_evidence(sampled, few):
    free, limited = recommend(sampled, few), recommend(sampled, few, k_min=2, k_max=3)
    assert limited["k"] in {2, 3}
    assert limited["probabilities"] == {k: free["probabilities"][k] for k in ("1", "2", "3")}


def test_only_requested_criteria_have_verdicts(sampled, few):
    [verdict] = recommend(sampled, few, criteria=["silhouette"])["verdicts"]
    assert verdict["criterion"] == "silhouette"


def test_a_hierarchical_recommendation_shows_its_algorithm(sampled, few):
    assert (
        recommend(sampled, few, algorithm={"name": "hierarchical"})["algorithm"]["linkage"]
        == "ward"
    )


@pytest.mark.parametrize(
    ("customers", "asked", "problem"),
    [
        (table(lambda n: n * 1.1, 9), {}, "too-few-to-choose"),
        (table(lambda n: n * 1.1 if n < 9 else ""), {}, "too-few-to-choose"),
        (table(lambda _: 5.5), {}, "invalid-request"),
        (table(lambda _: ""), {}, "invalid-request"),
        (table(lambda n: n % 3 + 5.5), {"k_min": 4}, "too-few-customers"),
        (table(lambda n: n * 1e150), {}, "value-out-of-range"),
    ],
    ids=["too few", "too few known", "all alike", "all missing", "too few distinct", "too large"],
)
def test_tables_that_cannot_be_evaluated_are_refused_with_a_reason(
    sampled, name, customers, asked, problem
):
    put_csv(sampled, name, customers)
    answer = ask(sampled, name, **asked)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{problem}")


@pytest.mark.parametrize(
    ("customers", "most"),
    [
        (table(lambda n: n * 1.1), 30),
        (table(lambda n: n % 2 + 5.5), 2),
        (table(lambda n: "xyz"[n % 3]), 3),
        (table(lambda n: 1.5**n), 30),
    ],
    ids=["one column", "two distinct", "a category", "skewed"],
)
def test_tables_with_little_information_are_still_evaluated(sampled, name, customers, most):
    put_csv(sampled, name, customers)
    made = recommend(sampled, name, features=None, k_max=30)
    assert 1 <= made["k"] <= most
    assert made["warnings"]


def test_a_refusal_leaves_no_recommendation(sampled, name):
    put_csv(sampled, name, table(float, 5))
    ask(sampled, name)
    assert listed(sampled, name)["recommendations"] == []


def test_a_recommendation_is_deleted_with_its_dataset(sampled, own):
    recommend(sampled, own)
    sampled.delete(f"/v1/datasets/{own}")
    put_csv(sampled, own, generate_sample(n_customers=30))
    assert listed(sampled, own)["recommendations"] == []


def test_a_recommendation_outlives_an_erasure_and_names_no_customer(sampled, own):
    upsert(sampled, own, {"CustomerID": "Zanzibar-77", "Age": 33, INCOME: 50, SCORE: 50})
    made = recommend(sampled, own)
    erase(sampled, own, "Zanzibar-77")
    kept = sampled.get(address(own, made["recommendation"]))
    assert (kept.status_code, "Zanzibar" in kept.text) == (200, False)


def test_after_an_erasure_the_newest_customers_are_evaluated(waiting):
    client, stores = waiting
    job = ask(client, wait="wait=0").json()["job"]
    erase_now(client, stores, "sample", "1")
    run_attempt(stores, job, max_attempts=3)
    [made] = listed(client, "sample")["recommendations"]
    assert (made["dataset_version"], made["n_customers"]) == (2, 29)


def test_a_customer_erased_while_a_recommendation_is_planned_does_not_refuse_it(
    waiting, monkeypatch
):
    client, stores = waiting
    plan = operations.plan_recommendation

    def plan_and_erase(*asked, **settings):
        planned = plan(*asked, **settings)
        erase_now(client, stores, "sample", "1")
        return planned

    monkeypatch.setattr(operations, "plan_recommendation", plan_and_erase)
    run_attempt(stores, ask(client, wait="wait=0").json()["job"], max_attempts=3)
    [made] = listed(client, "sample")["recommendations"]
    assert (made["dataset_version"], made["n_customers"]) == (2, 29)


def test_a_recommendation_reads_the_newest_version_through_several_erasures(waiting):
    client, stores = waiting
    job, left = ask(client, wait="wait=0").json()["job"], ["1", "2", "3"]

    def erase_next():
        if left:
            erase_now(client, stores, "sample", left.pop())

    tables = Interrupted(stores.tables, "read", erase_next)
    run_attempt(replace(stores, tables=tables), job, max_attempts=3)
    [made] = listed(client, "sample")["recommendations"]
    assert (made["dataset_version"], made["n_customers"]) == (4, 27)


def test_a_dataset_deleted_during_its_recommendation_leaves_nothing(waiting):
    client, stores = waiting
    job = ask(client, wait="wait=0").json()["job"]
    tables = Interrupted(stores.tables, "read", lambda: client.delete("/v1/datasets/sample"))
    run_attempt(replace(stores, tables=tables), job, max_attempts=3)
    found = client.get(f"/v1/jobs/{job}").json()
    assert (found["state"], found["problem"]["type"]) == ("failed", "/problems/not-found")


def test_recommendations_are_kept_in_either_database(database, tmp_path):
    address_of = database.engine.url.render_as_string(hide_password=False)
    with running(Settings(home=tmp_path, database_url=address_of)) as client:
        put_csv(client, "sample", generate_sample(n_customers=30))
        made = recommend(client)
        assert listed(client, "sample")["recommendations"] == [made]


def test_a_recommendation_can_be_followed(sampled, few):
    answer = ask(sampled, few, wait="wait=0")
    with sampled.stream("GET", f"/v1/jobs/{answer.json()['job']}/events") as events:
        told = [
            json.loads(line.removeprefix("data:"))
            for line in events.iter_lines()
            if line.startswith("data:")
        ]
    assert (told[-1]["state"], told[-1]["progress"]) == ("succeeded", 1.0)
    assert [each["progress"] for each in told] == sorted(each["progress"] for each in told)
