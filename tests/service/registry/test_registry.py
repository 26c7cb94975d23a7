"""Models, versions, aliases and artifacts over HTTP."""

import hashlib
import subprocess
import sys

import pytest

from tests.support.fakes import IdleEngine
from tests.support.steps import INCOME, SCORE, fit, place, put_csv, refit, running

pytestmark = pytest.mark.slow

PREDICTING = """
import sys, joblib, pandas
customers = pandas.DataFrame(
    {"Annual Income (k$)": [90, 20, 60], "Spending Score (1-100)": [85, 15, 50]}
)
print(*joblib.load(sys.argv[1]).predict(customers), *{"models", "service"} & sys.modules.keys())
"""


@pytest.fixture
def twice(sampled, name):
    """The name of a model with two versions, the first in production."""
    fit(sampled, name, k=1)
    refit(sampled, name)
    return name


@pytest.fixture
def move(sampled):
    def move(model, alias, version):
        return sampled.put(f"/v1/models/{model}/aliases/{alias}", json={"version": version})

    return move


@pytest.fixture
def failed(sampled, name):
    """The name of a model whose only fit has failed."""
    body = {"name": name, "dataset": "sample", "k": 999}
    assert sampled.post("/v1/models", json=body, headers={"Prefer": "wait=30"}).status_code == 422
    return name


@pytest.fixture(scope="module")
def fitting(at_home, tmp_path_factory, sample_csv):
    """A service that is fitting the version 1 of `slow`, for ever."""
    with running(at_home(tmp_path_factory.mktemp("fitting")), engine=IdleEngine) as client:
        put_csv(client, "sample", sample_csv)
        body = {"name": "slow", "dataset": "sample", "k": 2}
        client.post("/v1/models", json=body, headers={"Prefer": "wait=0"})
        yield client


def log(client, model, alias="production"):
    moves = client.get(f"/v1/models/{model}/aliases/{alias}/log").json()["moves"]
    return [(move["from_version"], move["to_version"]) for move in moves]


def test_the_first_fit_becomes_production(sampled, name):
    fit(sampled, name, k=1)
    assert sampled.get(f"/v1/models/{name}").json()["aliases"] == {"production": 1}


def test_a_version_is_found_by_its_number_and_by_its_alias(sampled):
    by_number, by_alias = (
        sampled.get(f"/v1/models/sample/versions/{ref}").json() for ref in (1, "production")
    )
    assert by_number == by_alias


@pytest.mark.parametrize("ref", ["2", "999999999", "challenger"])
@pytest.mark.parametrize("what", ["", "/artifact", "/segments"])
def test_a_version_that_is_not_there_is_not_found(sampled, ref, what):
    assert sampled.get(f"/v1/models/sample/versions/{ref}{what}").status_code == 404


@pytest.mark.parametrize("ref", ["0", "01", "-1", "1.0", "Production", "٣"])
def test_references_other_than_numbers_and_aliases_are_refused(sampled, ref):
    assert sampled.get(f"/v1/models/sample/versions/{ref}").status_code == 422


def test_versions_are_listed_the_oldest_first(sampled, twice):
    versions = sampled.get(f"/v1/models/{twice}/versions").json()["versions"]
    assert [version["version"] for version in versions] == [1, 2]


def test_a_promoted_version_assigns_the_customers(sampled, twice, move):
    move(twice, "production", 2)
    assert place(sampled, twice, {INCOME: 50})["version"] == 2


def test_a_rolled_back_version_assigns_the_customers_again(sampled, twice, move):
    for version in (2, 1):
        move(twice, "production", version)
    assert place(sampled, twice, {INCOME: 50})["version"] == 1


def test_each_move_of_an_alias_is_logged_the_newest_first(sampled, twice, move):
    for version in (2, 1):
        move(twice, "production", version)
    assert log(sampled, twice) == [(2, 1), (1, 2), (None, 1)]


def test_moving_an_alias_to_its_version_changes_nothing(sampled, twice, move):
    move(twice, "production", 1)
    assert log(sampled, twice) == [(None, 1)]


def test_the_key_that_moved_an_alias_is_logged(sampled, twice, move):
    move(twice, "challenger", 2)
    [moved] = sampled.get(f"/v1/models/{twice}/aliases/challenger/log").json()["moves"]
    assert moved["moved_by"] == "anonymous"


def test_a_version_lists_its_aliases(sampled, twice, move):
    move(twice, "challenger", 2)
    assert sampled.get(f"/v1/models/{twice}/versions/challenger").json()["aliases"] == [
        "challenger"
    ]


def test_aliases_are_listed_by_name(sampled, twice, move):
    move(twice, "challenger", 2)
    aliases = sampled.get(f"/v1/models/{twice}/aliases").json()["aliases"]
    assert aliases == [{"alias": "challenger", "version": 2}, {"alias": "production", "version": 1}]


def test_an_alias_names_no_version_that_is_not_there(twice, move):
    assert move(twice, "production", 3).status_code == 404


@pytest.mark.parametrize("version", [0, -1, 10**30, 1.5, "one", None])
def test_an_alias_names_nothing_but_a_version(move, version):
    assert move("sample", "challenger", version).status_code == 422


def test_an_alias_names_no_version_that_is_not_ready(failed, move):
    assert move(failed, "production", 1).status_code == 409


@pytest.mark.parametrize(
    "what", ["versions/1/artifact", "versions/1/segments", "versions/production/segments"]
)
def test_a_version_that_is_not_ready_has_nothing_to_show(sampled, failed, what):
    assert sampled.get(f"/v1/models/{failed}/{what}").status_code == 409


def test_a_version_that_an_alias_names_stays(sampled, twice):
    assert sampled.delete(f"/v1/models/{twice}/versions/1").status_code == 409


def test_a_version_that_no_alias_names_can_be_deleted(sampled, twice):
    deleted = sampled.delete(f"/v1/models/{twice}/versions/2").status_code
    assert (deleted, sampled.get(f"/v1/models/{twice}/versions/2").status_code) == (204, 404)


def test_the_number_of_a_deleted_version_is_never_reused(sampled, twice):
    sampled.delete(f"/v1/models/{twice}/versions/2")
    assert refit(sampled, twice)["version"] == 3


def test_a_version_that_is_being_fitted_stays(fitting):
    assert fitting.delete("/v1/models/slow/versions/1").status_code == 409


def test_a_model_that_is_being_fitted_stays(fitting):
    assert fitting.delete("/v1/models/slow").status_code == 409


def test_a_version_that_is_being_fitted_shows_its_state(fitting):
    assert fitting.get("/v1/models/slow/versions/1").json()["state"] == "fitting"


def test_a_name_that_is_being_fitted_is_taken(fitting):
    assert (
        fitting.post("/v1/models", json={"name": "slow", "dataset": "sample", "k": 2}).status_code
        == 409
    )


def test_a_deleted_model_is_gone(sampled, twice):
    deleted = sampled.delete(f"/v1/models/{twice}").status_code
    assert (deleted, sampled.get(f"/v1/models/{twice}").status_code) == (204, 404)


def test_the_name_of_a_deleted_model_is_free(sampled, name):
    fit(sampled, name, k=1)
    sampled.delete(f"/v1/models/{name}")
    assert fit(sampled, name, k=1)["version"] == 1


def test_a_deleted_model_frees_its_dataset(sampled, name):
    put_csv(sampled, name, "id,age\n1,30\n2,41\n")
    fit(sampled, name, dataset=name, features=["age"], k=1)
    sampled.delete(f"/v1/models/{name}")
    assert sampled.delete(f"/v1/datasets/{name}").status_code == 204


def test_the_last_deleted_version_of_a_dataset_frees_it(sampled, name):
    put_csv(sampled, name, "id,age\n1,30\n2,41\n")
    fit(sampled, name, k=1)
    refit(sampled, name, dataset=name, features=["age"])
    sampled.delete(f"/v1/models/{name}/versions/2")
    assert sampled.delete(f"/v1/datasets/{name}").status_code == 204


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("what", ["", "/versions/1"])
def test_an_unknown_model_is_not_found(sampled, name, method, what):
    assert sampled.request(method, f"/v1/models/{name}{what}").status_code == 404


def test_the_downloaded_file_is_the_one_that_the_version_names(sampled):
    version = sampled.get("/v1/models/sample/versions/1").json()
    data = sampled.get("/v1/models/sample/versions/1/artifact").content
    assert version["artifact"]["sha256"] == hashlib.sha256(data).hexdigest()


def test_the_downloaded_file_is_named_after_its_version(sampled):
    headers = sampled.get("/v1/models/sample/versions/production/artifact").headers
    assert headers["Content-Disposition"] == 'attachment; filename="sample-1.joblib"'


def test_a_downloaded_pipeline_assigns_customers_alike(sampled, tmp_path):
    path = tmp_path / "sample.joblib"
    path.write_bytes(sampled.get("/v1/models/sample/versions/1/artifact").content)
    placed = place(
        sampled, "sample", {INCOME: 90, SCORE: 85}, {INCOME: 20, SCORE: 15}, {INCOME: 60, SCORE: 50}
    )
    index = {
        each["segment"]: each["index"]
        for each in sampled.get("/v1/models/sample/versions/1").json()["segments"]
    }
    ran = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-I", "-c", PREDICTING, path],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert ran.stdout.split() == [str(index[each["segment"]]) for each in placed["assignments"]]
