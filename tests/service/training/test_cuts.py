"""Other cuts of a tree, over HTTP."""

from dataclasses import replace

import pytest

from service.stores import open_stores
from service.tasks import run_attempt
from tests.support.fakes import IdleEngine, Interrupted
from tests.support.steps import INCOME, SCORE, erase, finished, fit, place, put_csv, refit, running

pytestmark = pytest.mark.slow

WARD = {"name": "hierarchical"}
PATIENT = {"Prefer": "wait=30"}


@pytest.fixture(scope="module")
def grown(sampled):
    """A hierarchical version."""
    return fit(sampled, "cuttable", algorithm=WARD, k=4)


@pytest.fixture
def ask(sampled):
    def ask(model, version=1, prefer="wait=30", **body):
        return sampled.post(
            f"/v1/models/{model}/versions/{version}/cuts", json=body, headers={"Prefer": prefer}
        )

    return ask


@pytest.fixture
def cut(ask):
    def cut(model, version=1, **body):
        answer = ask(model, version, **body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return cut


def members(client, version):
    """Give the segment of each customer whom a version has learned from."""
    address = f"/v1/models/{version['model']}/versions/{version['version']}/segments"
    return {
        customer["CustomerID"]: each["segment"]
        for each in version["segments"]
        for customer in client.get(f"{address}/{each['segment']}/customers?page_size=1000").json()[
            "customers"
        ]
    }


def nesting(version):
    return {(pair["segment"], pair["within"]) for pair in version["nesting"]}


@pytest.mark.parametrize("k", [4, 5, 9])
def test_each_segment_of_a_finer_cut_shows_the_coarser_segment_that_contains_it(
    sampled, grown, cut, k
):
    finer = cut("cuttable", k=k)
    before, after = members(sampled, grown), members(sampled, finer)
    assert {(after[customer], before[customer]) for customer in before} == nesting(finer)
    assert len(nesting(finer)) == k


@pytest.mark.parametrize("k", [1, 2, 3])
def test_each_earlier_segment_shows_the_segment_of_a_coarser_cut_that_contains_it(
    sampled, grown, cut, k
):
    coarser = cut("cuttable", k=k)
    before, after = members(sampled, grown), members(sampled, coarser)
    assert {(before[customer], after[customer]) for customer in before} == nesting(coarser)
    assert len(nesting(coarser)) == 4


def test_another_cut_is_a_version_like_any_other(sampled, grown, cut):
    version = cut("cuttable", k=6)
    kept = ("dataset", "dataset_version", "features", "preparation", "seed", "n_customers")
    assert {each: grown[each] for each in kept}.items() <= version.items()
    assert (version["cut_of"], version["k"], len(version["segments"]), version["state"]) == (
        1,
        6,
        6,
        "ready",
    )
    assert (
        sampled.get(f"/v1/models/cuttable/versions/{version['version']}/artifact").status_code
        == 200
    )


def test_another_cut_equals_a_fit_with_that_k(sampled, cut, name):
    fit(sampled, name, algorithm=WARD, k=2)
    again, anew = cut(name, k=5), refit(sampled, name, k=5)
    assert again["metrics"] == pytest.approx(anew["metrics"])
    assert anew["cut_of"] is None


@pytest.mark.usefixtures("grown")
def test_another_cut_does_not_become_production(cut):
    assert cut("cuttable", k=2)["aliases"] == []


def test_another_cut_assigns_customers(sampled, cut, name):
    fit(sampled, name, algorithm=WARD, k=2)
    version = cut(name, k=5)
    sampled.put(f"/v1/models/{name}/aliases/production", json={"version": version["version"]})
    [placed] = place(sampled, name, {INCOME: 90, SCORE: 85})["assignments"]
    assert placed["segment"] in {each["segment"] for each in version["segments"]}


def test_a_segment_that_no_cut_divides_keeps_its_id(grown, cut):
    kept = {each["segment"] for each in grown["segments"]}
    assert {each["segment"] for each in cut("cuttable", k=4)["segments"]} == kept


def test_a_cut_can_be_cut_again(sampled, cut, name):
    first = fit(sampled, name, algorithm=WARD, k=2)
    coarse = cut(name, k=1)
    fine = cut(name, version=coarse["version"], k=2)
    assert fine["cut_of"] == coarse["version"]
    assert [each["n_customers"] for each in fine["segments"]] == [
        each["n_customers"] for each in first["segments"]
    ]


@pytest.mark.usefixtures("grown")
def test_a_tree_is_cut_at_a_distance(sampled, cut):
    low, _ = sampled.get("/v1/models/cuttable/versions/1/tree").json()["cut"]["distance_between"]
    version = cut("cuttable", distance=low)
    assert (version["k"], version["algorithm"]["distance"]) == (4, low)


def test_a_cut_at_a_distance_of_a_tree_that_was_cut_by_number_is_fitted_again_at_that_distance(
    sampled, cut, name
):
    fit(sampled, name, algorithm=WARD, k=2)
    version = cut(name, distance=10)
    sampled.put(f"/v1/models/{name}/aliases/production", json={"version": version["version"]})
    again = refit(sampled, name)
    assert (again["algorithm"]["distance"], again["k"]) == (10, version["k"])


@pytest.mark.usefixtures("grown")
@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "unclear-cut"),
        ({"k": 2, "distance": 3}, "unclear-cut"),
        ({"k": 201}, "cut-too-fine"),
        ({"distance": 1e-9}, "cut-too-fine"),
        ({"k": 0}, "invalid-request"),
        ({"k": True}, "invalid-request"),
        ({"distance": 0}, "invalid-request"),
        ({"distance": "10"}, "invalid-request"),
        ({"height": 10}, "invalid-request"),
    ],
)
def test_invalid_cuts_are_refused_without_a_job(sampled, ask, body, problem):
    before = sampled.get("/v1/jobs?page_size=1").json()
    answer = ask("cuttable", **body)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{problem}")
    assert sampled.get("/v1/jobs?page_size=1").json() == before


@pytest.mark.usefixtures("grown")
def test_the_maximum_number_of_segments_is_reported(ask):
    assert "stored down to 200 groups" in ask("cuttable", k=201).json()["detail"]


def test_k_means_cannot_be_cut(ask):
    answer = ask("sample", k=2)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-tree")


@pytest.mark.parametrize(("model", "version"), [("nowhere", 1), ("sample", 99)])
def test_a_cut_of_an_absent_version_is_not_found(ask, model, version):
    assert ask(model, version, k=2).status_code == 404


@pytest.mark.usefixtures("grown")
def test_a_cut_without_patience_is_a_job(sampled, ask):
    answer = ask("cuttable", prefer="wait=0", k=3)
    job = finished(sampled, answer.json()["job"])
    assert (answer.status_code, job["kind"], job["state"]) == (202, "cut", "succeeded")
    version = sampled.get(f"/v1/models/cuttable/versions/{job['result']['version']}").json()
    assert (version["k"], version["job"]) == (3, job["job"])


def test_a_cut_after_an_erasure_describes_the_remaining_customers(sampled, cut, name, sample_csv):
    put_csv(sampled, name, sample_csv)
    fit(sampled, name, dataset=name, algorithm=WARD, k=2)
    finished(sampled, erase(sampled, name, "7"))
    version = cut(name, k=5)
    assert (version["n_customers"], version["dataset_version"]) == (399, 2)
    assert "7" not in members(sampled, version)


def test_a_version_that_others_were_cut_from_can_be_deleted(sampled, cut, name):
    fit(sampled, name, algorithm=WARD, k=2)
    version = cut(name, k=3)["version"]
    sampled.put(f"/v1/models/{name}/aliases/production", json={"version": version})
    assert sampled.delete(f"/v1/models/{name}/versions/1").status_code == 204
    assert cut(name, version=version, k=4)["k"] == 4


@pytest.fixture
def waiting(settings, sample_csv):
    """A service that has a job to cut a tree and nobody who does it; its stores, and the job."""
    with running(settings) as client:
        put_csv(client, "sample", sample_csv)
        fit(client, "m", algorithm=WARD, k=2)
    with running(settings, engine=IdleEngine) as client:
        job = client.post(
            "/v1/models/m/versions/1/cuts", json={"k": 3}, headers={"Prefer": "wait=0"}
        ).json()["job"]
        stores = open_stores(settings)
        yield client, stores, job
        stores.database.close()


def test_a_cut_that_is_overtaken_leaves_one_version_and_only_its_files(waiting, tmp_path):
    client, stores, job = waiting
    overtaken = Interrupted(stores.tables, "read", lambda: run_attempt(stores, job, max_attempts=3))
    run_attempt(replace(stores, tables=overtaken), job, max_attempts=3)
    versions = client.get("/v1/models/m/versions").json()["versions"]
    assert [(version["version"], version["state"]) for version in versions] == [
        (1, "ready"),
        (2, "ready"),
    ]
    files = [
        path
        for path in (tmp_path / "artifacts").rglob("tree.json")
        if path.parent.parent.name == "2"
    ]
    assert [path.parent.name for path in files] == ["2"]


def test_a_cut_whose_tree_was_deleted_meanwhile_fails_with_a_reason(waiting):
    client, stores, job = waiting
    run_attempt(stores, job, max_attempts=3)
    client.put("/v1/models/m/aliases/production", json={"version": 2})
    later = client.post(
        "/v1/models/m/versions/1/cuts", json={"k": 4}, headers={"Prefer": "wait=0"}
    ).json()["job"]
    client.delete("/v1/models/m/versions/1")
    run_attempt(stores, later, max_attempts=3)
    problem = client.get(f"/v1/jobs/{later}").json()["problem"]
    assert (problem["status"], problem["detail"]) == (
        409,
        "Version 1, whose tree was to be cut, was deleted",
    )
