"""Fits over HTTP."""

from io import BytesIO, StringIO
from typing import get_args

import joblib
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from models.algorithms.hierarchical import Linkage
from tests.support.steps import INCOME, SCORE, fit, put_csv, refit
from tests.support.waiting import eventually

ALGORITHMS = [
    {"name": "kmeans"},
    {"name": "kmeans", "init": "random", "n_init": 3, "max_iter": 50, "tol": 0.001},
    *({"name": "hierarchical", "linkage": linkage} for linkage in get_args(Linkage)),
]
SKEWED = "id,spent\n" + "".join(f"{n},{1.5**n}\n" for n in range(1, 41))
EVEN = "id,spent\n" + "".join(f"{n},{n}\n" for n in range(1, 41))


def ask(client, model, wait="wait=30", **asked):
    body = {"name": model, "dataset": "sample", "k": 1, "features": [INCOME], **asked}
    return client.post("/v1/models", json=body, headers={"Prefer": wait})


def ended(client, job):
    """Wait for a job to end."""
    assert eventually(lambda: client.get(f"/v1/jobs/{job}").json()["finished_at"], within=60)
    return client.get(f"/v1/jobs/{job}").json()


def steps(version, step):
    return [
        each
        for feature in version["preparation"]
        for each in feature["steps"]
        if each["step"] == step
    ]


def ids(version):
    return {segment["segment"] for segment in version["segments"]}


@pytest.fixture(
    scope="module", params=ALGORITHMS, ids=lambda asked: " ".join(map(str, asked.values()))
)
def of_each_algorithm(sampled, request):
    """What was asked of an algorithm, and the version with three segments that it made."""
    model = f"algorithm-{ALGORITHMS.index(request.param)}"
    return request.param, fit(sampled, model, algorithm=request.param, k=3)


def test_every_algorithm_finds_the_requested_number_of_segments(of_each_algorithm):
    _, version = of_each_algorithm
    assert len(version["segments"]) == version["k"] == 3


def test_a_version_shows_the_requested_algorithm(of_each_algorithm):
    asked, version = of_each_algorithm
    assert asked.items() <= version["algorithm"].items()


@pytest.mark.parametrize("algorithm", ["kmeans", "hierarchical"])
def test_one_segment_contains_all_customers(sampled, name, algorithm):
    [segment] = fit(sampled, name, algorithm={"name": algorithm}, k=1)["segments"]
    assert (segment["n_customers"], segment["share"]) == (400, 1.0)


def test_one_segment_is_neither_near_nor_far_from_another(sampled, name):
    metrics = fit(sampled, name, k=1)["metrics"]
    assert [metrics[each] for each in ("silhouette", "calinski_harabasz", "davies_bouldin")] == [
        None
    ] * 3


def test_a_tree_is_cut_at_a_distance(sampled, name):
    assert fit(sampled, name, algorithm={"name": "hierarchical", "distance": 1e9}, k=None)["k"] == 1


def test_a_lower_cut_leaves_more_segments(sampled, name):
    asked = {"algorithm": {"name": "hierarchical", "distance": 10}, "k": None}
    assert fit(sampled, name, **asked)["k"] > 1


def test_the_distance_of_the_cut_is_inherited(sampled, name):
    fit(
        sampled, name, algorithm={"name": "hierarchical", "distance": 10}, k=None, features=[INCOME]
    )
    assert refit(sampled, name)["algorithm"]["distance"] == 10


def test_without_features_every_number_and_category_is_one(sampled, name):
    features = fit(sampled, name, k=1, features=None)["features"]
    assert [feature["name"] for feature in features] == ["Gender", "Age", INCOME, SCORE]


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"features": ["nope"]}, "/features/0"),
        ({"features": [INCOME, {"name": "nope"}]}, "/features/1"),
        ({"features": [INCOME, INCOME]}, "/features/1"),
        ({"features": ["CustomerID"]}, "/features/0"),
        ({"features": []}, "/features"),
        ({"k": None}, "/k"),
        ({"k": None, "algorithm": {"name": "hierarchical"}}, "/k"),
        ({"k": 3, "algorithm": {"name": "hierarchical", "distance": 10}}, "/k"),
        ({"k": 0}, "/k"),
        ({"k": 1.5}, "/k"),
        ({"seed": -1}, "/seed"),
        ({"algorithm": {"name": "dbscan"}}, "/algorithm"),
        ({"algorithm": {"name": "kmeans", "linkage": "ward"}}, "/algorithm/linkage"),
        ({"algorithm": {"name": "hierarchical", "linkage": "median"}}, "/algorithm/linkage"),
        ({"clusters": 5}, "/clusters"),
        ({"name": "Shop"}, "/name"),
    ],
)
def test_invalid_requests_have_pointers_to_their_faults(sampled, name, asked, pointer):
    answer = ask(sampled, name, **asked)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_a_fault_inside_a_feature_is_pointed_at(sampled, name):
    [fault] = ask(sampled, name, features=[INCOME, {"name": SCORE, "weight": 0}]).json()["errors"]
    assert fault["pointer"] == "/features/1/weight"


@pytest.mark.parametrize("tol", [True, "0.1"])
def test_values_that_only_look_like_numbers_are_refused(sampled, name, tol):
    assert ask(sampled, name, algorithm={"name": "kmeans", "tol": tol}).status_code == 422


@pytest.mark.parametrize("asked", [{"dataset": "nowhere"}, {"dataset_version": 99}])
def test_a_fit_of_an_absent_dataset_is_not_found(sampled, name, asked):
    assert ask(sampled, name, **asked).status_code == 404


@pytest.mark.parametrize("algorithm", ["kmeans", "hierarchical"])
def test_more_segments_than_distinct_customers_are_refused(sampled, name, algorithm):
    answer = ask(sampled, name, algorithm={"name": algorithm}, k=500)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/too-few-customers")


def test_a_fit_that_fails_in_time_names_its_job(sampled, name):
    answer = ask(sampled, name, k=500)
    assert (
        sampled.get(f"/v1/jobs/{answer.headers['X-Job']}").json()["problem"]["detail"]
        == answer.json()["detail"]
    )


def test_a_version_whose_fit_failed_shows_its_state(sampled, name):
    ask(sampled, name, k=500)
    assert sampled.get(f"/v1/models/{name}/versions/1").json()["state"] == "failed"


def test_a_taken_name_is_refused(sampled):
    assert ask(sampled, "sample").status_code == 409


def test_a_model_whose_only_fit_failed_continues_with_its_next_version(sampled, name):
    ask(sampled, name, k=500)
    version = fit(sampled, name, k=1)
    assert (version["version"], version["aliases"]) == (2, ["production"])


def test_a_model_without_a_ready_version_has_no_base_version(sampled, name):
    ask(sampled, name, k=500)
    assert sampled.post(f"/v1/models/{name}/versions", json={}).status_code == 409


def test_a_fit_done_in_time_is_created_at_its_address(sampled, name):
    answer = ask(sampled, name)
    assert sampled.get(answer.headers["Location"]).json() == answer.json()


def test_a_wait_that_was_heeded_is_confirmed(sampled, name):
    assert ask(sampled, name, wait="wait=99").headers["Preference-Applied"] == "wait=30"


def test_without_waiting_the_response_is_the_job(sampled, name):
    answer = ask(sampled, name, wait="wait=0")
    ended(sampled, answer.json()["job"])
    assert (answer.status_code, answer.headers["Location"]) == (
        202,
        f"/v1/jobs/{answer.headers['X-Job']}",
    )


def test_a_job_response_has_retry_after(sampled, name):
    answer = ask(sampled, name, wait="respond-async")
    ended(sampled, answer.json()["job"])
    assert (int(answer.headers["Retry-After"]) > 0, answer.headers["Preference-Applied"]) == (
        True,
        "respond-async",
    )


def test_a_job_without_a_waiting_client_creates_its_version(sampled, name):
    job = ended(sampled, ask(sampled, name, wait="wait=0").json()["job"])
    version = sampled.get(f"/v1/models/{name}/versions/{job['result']['version']}").json()
    assert (job["state"], version["state"]) == ("succeeded", "ready")


def test_the_same_request_gives_the_same_metrics(sampled, name):
    once, again = (fit(sampled, f"{name}-{n}", k=2, seed=3, features=None) for n in range(2))
    assert once["metrics"] == again["metrics"]


def test_segments_are_those_of_scikit_learn_on_the_same_points(sampled, sample_csv, name):
    fit(sampled, name)
    pipeline = joblib.load(BytesIO(sampled.get(f"/v1/models/{name}/versions/1/artifact").content))
    customers = pd.read_csv(StringIO(sample_csv))
    labels = KMeans(5, n_init=10, random_state=0).fit_predict(pipeline[:-1].transform(customers))
    assert adjusted_rand_score(labels, pipeline.predict(customers)) == 1.0


@pytest.mark.parametrize(
    ("asked", "step", "shown"),
    [
        ({"scale": "standard"}, "scale", {"method": "standard"}),
        ({"scale": "robust"}, "scale", {"method": "robust"}),
        ({"log": True}, "log", {"formula": "log(x)"}),
    ],
)
def test_how_a_feature_is_prepared_is_shown(sampled, name, asked, step, shown):
    [described] = steps(fit(sampled, name, k=2, features=[{"name": INCOME, **asked}]), step)
    assert shown.items() <= described.items()


@pytest.mark.parametrize(("asked", "step"), [({"scale": "none"}, "scale"), ({"log": False}, "log")])
def test_a_disabled_preparation_step_is_not_applied(sampled, name, asked, step):
    assert steps(fit(sampled, name, k=2, features=[{"name": INCOME, **asked}]), step) == []


def test_a_weight_is_shown_with_the_preparation(sampled, name):
    version = fit(sampled, name, k=2, features=[INCOME, {"name": SCORE, "weight": 2.5}])
    assert [feature["weight"] for feature in version["preparation"]] == [1.0, 2.5]


def test_a_heavier_feature_decides_more(sampled, name):
    version = fit(sampled, name, k=2, features=[INCOME, {"name": SCORE, "weight": 1000.0}])
    assert all("spending" in segment["name"] for segment in version["segments"])


def test_a_further_version_is_as_the_one_before(sampled, name):
    kept = ("algorithm", "k", "seed", "features", "dataset", "dataset_version", "metrics")
    first = fit(
        sampled,
        name,
        seed=4,
        k=2,
        features=[{"name": INCOME, "weight": 2.0, "scale": "robust"}, "Gender"],
    )
    assert {each: first[each] for each in kept}.items() <= refit(sampled, name).items()


def test_a_further_version_differs_only_in_the_requested_settings(sampled, name):
    fit(sampled, name, k=1)
    second = refit(sampled, name, k=2, seed=9)
    assert (second["version"], second["k"], second["seed"]) == (2, 2, 9)


def test_the_log_of_a_column_is_inherited(sampled, name):
    put_csv(sampled, name, SKEWED)
    [decided] = fit(sampled, name, dataset=name, k=2, features=["spent"])["features"]
    put_csv(sampled, name, EVEN)
    assert (decided["log"], refit(sampled, name)["features"]) == (True, [decided])


def test_categories_are_inherited(sampled, name, sample_csv):
    put_csv(sampled, name, sample_csv)
    [decided] = fit(sampled, name, dataset=name, k=2, features=["Gender"])["features"]
    put_csv(sampled, name, sample_csv.replace("1,Male", "1,Diverse"))
    assert refit(sampled, name)["features"] == [decided]


def test_a_column_whose_kind_has_changed_is_refused(sampled, name):
    put_csv(sampled, name, EVEN)
    fit(sampled, name, dataset=name, k=1, features=["spent"])
    put_csv(sampled, name, EVEN.replace(",1\n", ",little\n"))
    assert sampled.post(f"/v1/models/{name}/versions", json={}).status_code == 422


def test_the_same_data_keep_the_ids_of_their_segments(sampled, name):
    assert ids(fit(sampled, name)) == ids(refit(sampled, name))


def test_other_segments_get_ids_of_their_own(sampled, name):
    assert ids(fit(sampled, name)).isdisjoint(ids(refit(sampled, name, k=1)))


def test_segments_of_the_same_customers_keep_their_ids_with_any_features(sampled, name):
    put_csv(
        sampled,
        name,
        "id,spent,paid\n" + "".join(f"{n},{n % 2 + n / 100},{n % 2 + n / 99}\n" for n in range(40)),
    )
    first = fit(sampled, name, dataset=name, k=2, features=["spent"])
    assert ids(refit(sampled, name, features=["paid"])) == ids(first)


def test_a_further_version_does_not_become_production(sampled, name):
    fit(sampled, name, k=1)
    assert refit(sampled, name)["aliases"] == []


@pytest.mark.parametrize("exact", [True, False])
def test_exact_k_means_can_be_requested_and_is_shown(sampled, name, exact):
    version = fit(sampled, name, algorithm={"name": "kmeans", "exact": exact})
    assert version["algorithm"]["exact"] is exact


@pytest.mark.parametrize(
    "asked", [{"exact": 1}, {"exact": "true"}, {"n_init": True}, {"n_init": "3"}]
)
def test_booleans_and_numbers_are_not_interchangeable(sampled, name, asked):
    body = {"name": name, "dataset": "sample", "k": 2, "algorithm": {"name": "kmeans", **asked}}
    assert sampled.post("/v1/models", json=body).status_code == 422
