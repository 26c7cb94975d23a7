"""Fits that choose the number of segments, over HTTP."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from service.jobs.repository import find_job
from service.jobs.rows import JobRow
from service.sample import generate_sample
from service.stores import Stores, open_stores
from service.tasks import run_attempt
from service.training.fit_job import fit_version
from tests.support.erasures import erase_now
from tests.support.fakes import IdleEngine, Interrupted
from tests.support.steps import (
    INCOME,
    SCORE,
    fit,
    place,
    put_csv,
    recommend,
    refit,
    run_of,
    running,
)

pytestmark = pytest.mark.slow

ALGORITHMS = [{"name": "kmeans"}, {"name": "hierarchical", "linkage": "ward"}]


def continuum(n_customers=200):
    """Customers who differ, and form no groups."""
    spent = np.random.default_rng(7).normal(size=(n_customers, 2)).round(6)
    return "id,spent,paid\n" + "".join(f"c{n},{a},{b}\n" for n, (a, b) in enumerate(spent))


def ask(client, model, **asked):
    return client.post(
        "/v1/models",
        json={"name": model, "dataset": "sample", **asked},
        headers={"Prefer": "wait=30"},
    )


def groups(n_customers=60):
    """Customers in three groups that nobody could overlook."""
    draw = np.random.default_rng(3)
    spent = (
        draw.normal(size=(n_customers, 2)) + 40 * np.eye(3)[draw.integers(3, size=n_customers), :2]
    )
    return "id,spent,paid\n" + "".join(f"c{n},{a:.4f},{b:.4f}\n" for n, (a, b) in enumerate(spent))


def recommendations(client, dataset):
    return client.get(f"/v1/datasets/{dataset}/recommendations").json()["recommendations"]


@pytest.fixture(scope="module")
def chosen(sampled):
    """A version of the sample whose number of segments was chosen."""
    return fit(sampled, "chosen", k="auto")


@pytest.fixture(scope="module")
def few(sampled):
    """A dataset of three groups, in which k is chosen quickly."""
    put_csv(sampled, "three-groups", groups())
    return {"dataset": "three-groups", "features": ["spent", "paid"]}


@pytest.fixture(scope="module")
def single(sampled):
    """A model of customers without groups, and its version."""
    put_csv(sampled, "continuum", continuum())
    return "continuum", fit(sampled, "continuum", dataset="continuum", k="auto", features=None)


@pytest.fixture
def waiting(settings):
    """A service whose jobs wait, and the stores to run them in."""
    with running(settings, engine=IdleEngine) as client:
        put_csv(client, "sample", generate_sample(n_customers=30))
        stores = open_stores(settings)
        yield client, stores
        stores.database.close()


def plan(client):
    """Ask for a fit that chooses k, which nobody runs yet."""
    asked = {"name": "m", "dataset": "sample", "k": "auto", "features": [INCOME, SCORE]}
    return client.post("/v1/models", json=asked, headers={"Prefer": "wait=0"}).json()["job"]


def payload(stores: Stores, job: str) -> dict:
    with stores.database.reading() as session:
        return find_job(session, job).payload


def run(stores: Stores, job: str) -> None:
    run_attempt(stores, job, max_attempts=3)


def interrupted(stores: Stores, happens) -> Stores:
    """Stores in which something happens before the files of a fit are saved."""
    return replace(stores, artifacts=Interrupted(stores.artifacts, "save", happens))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_sample_falls_into_five_segments_by_itself(sampled, name, algorithm):
    version = fit(sampled, name, algorithm=algorithm, k="auto")
    assert (version["k"], len(version["segments"])) == (5, 5)


def test_a_version_shows_how_its_number_of_segments_was_chosen(chosen):
    assert chosen["recommendation"].keys() == {
        "recommendation",
        "k",
        "probability",
        "credible_set",
        "text",
    }
    assert chosen["recommendation"]["k"] == chosen["k"]


def test_the_complete_recommendation_is_listed_under_the_dataset(sampled, chosen):
    kept = sampled.get(
        f"/v1/datasets/sample/recommendations/{chosen['recommendation']['recommendation']}"
    ).json()
    assert chosen["recommendation"].items() <= kept.items()
    assert (kept["job"], kept["dataset_version"]) == (chosen["job"], chosen["dataset_version"])


def test_an_automatic_fit_agrees_with_a_separate_recommendation(sampled, chosen):
    kept = ("k", "probability", "credible_set", "text")
    alone = recommend(sampled)
    assert [alone[each] for each in kept] == [chosen["recommendation"][each] for each in kept]


def test_a_version_with_a_fixed_number_of_segments_has_no_recommendation(sampled, name):
    assert fit(sampled, name, k=2)["recommendation"] is None


def test_the_segments_are_those_of_a_fit_with_that_number(sampled, name, chosen):
    assert fit(sampled, name, k=5)["metrics"] == chosen["metrics"]


def test_limits_hold_for_the_choice(sampled, name, few):
    assert fit(sampled, name, **few, k="auto", k_min=4, k_max=6)["k"] in {4, 5, 6}


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"k": "five"}, "/k"),
        ({"k": 3, "k_max": 5}, "/k_max"),
        ({"k": 3, "min_share": 0.1}, "/min_share"),
        ({"k_min": 3}, "/k"),
        ({"k": "auto", "k_min": 6, "k_max": 5}, "/k_min"),
        ({"k": "auto", "k_max": 31}, "/k_max"),
        ({"k": "auto", "min_share": 0.51}, "/min_share"),
        ({"k": "auto", "algorithm": {"name": "hierarchical", "distance": 10}}, "/k"),
    ],
)
def test_invalid_requests_have_pointers_to_their_faults(sampled, name, asked, pointer):
    answer = ask(sampled, name, **asked)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_too_few_customers_to_choose_are_refused(sampled, name):
    put_csv(sampled, name, "id,spent\n" + "".join(f"{n},{n}\n" for n in range(5)))
    assert ask(sampled, name, dataset=name, k="auto").status_code == 422


def test_a_further_version_chooses_again_within_the_same_limits(sampled, name):
    put_csv(sampled, name, groups())
    fit(sampled, name, dataset=name, features=["spent", "paid"], k="auto", k_max=6)
    refit(sampled, name)
    first, second = recommendations(sampled, name)
    assert first["recommendation"] != second["recommendation"]
    assert [first["k_max"], second["k_max"]] == [6, 6]


def test_a_recommendation_for_a_further_version_names_no_category(sampled, name, sample_csv):
    put_csv(sampled, name, sample_csv)
    fit(sampled, name, dataset=name, features=[INCOME, "Gender"], k=2)
    refit(sampled, name, k="auto")
    [kept] = recommendations(sampled, name)
    assert [feature["categories"] for feature in kept["features"]] == [None, None]


def test_a_further_version_uses_the_requested_number(sampled, name, few):
    fit(sampled, name, **few, k="auto")
    second = refit(sampled, name, k=2)
    assert (second["k"], second["recommendation"]) == (2, None)


def test_a_further_version_may_choose_after_a_fixed_number(sampled, name, few):
    fit(sampled, name, **few, k=2)
    assert refit(sampled, name, k="auto")["recommendation"]["k"] == 3


def test_a_further_version_may_choose_within_other_limits(sampled, name, few):
    fit(sampled, name, **few, k="auto")
    assert refit(sampled, name, k_min=2, k_max=2)["k"] == 2


def test_a_further_version_with_a_fixed_number_refuses_limits(sampled, name, few):
    fit(sampled, name, **few, k=2)
    answer = sampled.post(f"/v1/models/{name}/versions", json={"k_max": 3})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/k_max")


def test_a_clear_choice_needs_no_warning(sampled, name, few):
    version = fit(sampled, name, **few, k="auto")
    assert (version["k"], version["recommendation"]["text"] in version["warnings"]) == (3, False)


def test_customers_without_groups_form_one_segment_with_a_warning(single):
    _, version = single
    assert version["k"] == 1
    assert version["recommendation"]["text"] in version["warnings"]
    assert "no clear segments" in version["recommendation"]["text"].lower()


def test_customers_are_assigned_to_the_only_segment(sampled, single):
    [placed] = place(sampled, single[0], {"spent": 0.1, "paid": -0.2})["assignments"]
    [segment] = single[1]["segments"]
    assert [placed[each] for each in ("segment", "runner_up", "margin")] == [
        segment["segment"],
        None,
        None,
    ]


def test_the_only_segment_is_described(sampled, single):
    [segment] = sampled.get(f"/v1/models/{single[0]}/versions/1/segments").json()["segments"]
    assert (segment["share"], segment["differs_by"]) == (1.0, [])


def test_all_customers_are_members_of_the_only_segment(sampled, single):
    [segment] = single[1]["segments"]
    address = f"/v1/models/{single[0]}/versions/1/segments/{segment['segment']}/customers"
    assert len(sampled.get(address, params={"page_size": 1000}).json()["customers"]) == 200


def test_a_run_assigns_all_customers_to_the_only_segment(sampled, single):
    [segment] = single[1]["segments"]
    assert run_of(sampled, single[0], "continuum")["counts"] == {segment["segment"]: 200}


def test_the_only_segment_can_be_named(sampled, single):
    [segment] = single[1]["segments"]
    address = f"/v1/models/{single[0]}/segments/{segment['segment']}"
    assert sampled.patch(address, json={"name": "Everybody"}).json()["name"] == "Everybody"


def test_a_fit_that_is_not_finished_has_no_number_of_segments_yet(waiting):
    client, _ = waiting
    plan(client)
    version = client.get("/v1/models/m/versions/1").json()
    assert (version["state"], version["k"], version["recommendation"]) == ("fitting", None, None)


def test_an_attempt_that_broke_off_leaves_one_recommendation_in_the_end(waiting):
    client, stores = waiting
    job = plan(client)
    with pytest.raises(SystemExit):
        run(interrupted(stores, sys.exit), job)
    assert recommendations(client, "sample") == []
    run(stores, job)
    assert client.get(f"/v1/jobs/{job}").json()["attempt"] == 2
    assert len(recommendations(client, "sample")) == 1


def test_after_an_erasure_the_newest_customers_are_evaluated(waiting):
    client, stores = waiting
    job = plan(client)
    erase_now(client, stores, "sample", "1")
    run(stores, job)
    version = client.get("/v1/models/m/versions/1").json()
    [kept] = recommendations(client, "sample")
    assert (version["dataset_version"], kept["dataset_version"], kept["n_customers"]) == (2, 2, 29)


def test_deleting_the_dataset_meanwhile_removes_the_recommendation_but_not_the_version(waiting):
    client, stores = waiting
    job = plan(client)
    run(
        interrupted(stores, lambda: client.delete("/v1/datasets/sample", params={"force": True})),
        job,
    )
    version = client.get("/v1/models/m/versions/1").json()
    assert (version["state"], version["recommendation"]["k"]) == ("ready", version["k"])
    assert client.get("/v1/datasets/sample").status_code == 404


def test_a_fit_reports_the_stage_of_recommending_before_fitting(waiting):
    client, stores = waiting
    told: list[tuple[str, float]] = []
    fit_version(stores, payload(stores, plan(client)), 1, lambda *step: told.append(step))
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert stages[:3] == ["reading", "recommending: preparing", "recommending: knee"]
    assert stages.index("preparing") < stages.index("clustering")
    assert max(map(len, stages)) <= JobRow.stage.type.length
    assert [share for _, share in told] == sorted(share for _, share in told)
