"""What people do most, with the metadata in PostgreSQL, in every run.

`--database postgresql` runs all tests so.
"""

import pytest

from service.config import Settings
from tests.support.steps import (
    INCOME,
    SCORE,
    customers_of,
    erase,
    finished,
    fit,
    place,
    put_csv,
    recommend,
    refit,
    running,
    upsert,
)


@pytest.fixture(scope="module")
def served(postgresql, tmp_path_factory, sample_csv):
    settings = Settings(home=tmp_path_factory.mktemp("served"), database_url=postgresql.new())
    with running(settings) as client:
        put_csv(client, "sample", sample_csv)
        fit(client, "sample")
        yield client
    postgresql.drop(settings.database_address())


def test_customers_are_assigned_by_the_version_of_an_alias(served):
    refit(served, "sample", k=3)
    served.put("/v1/models/sample/aliases/production", json={"version": 2})
    assert place(served, "sample", {INCOME: 60, SCORE: 50})["version"] == 2


def test_the_jobs_are_listed_from_the_newest(served):
    fit(served, "listed")
    newest = served.get("/v1/jobs").json()["jobs"][0]
    assert (newest["kind"], newest["state"]) == ("fit", "succeeded")


def test_a_recommendation_is_found_again(served):
    made = recommend(served)
    assert served.get("/v1/datasets/sample/recommendations").json()["recommendations"] == [made]


def test_an_erased_customer_is_not_listed(served):
    put_csv(served, "few", "customer_id,spent\na,1.5\nb,2.5\nc,3.5\n")
    upsert(served, "few", {"customer_id": "b", "spent": 4.5})
    assert finished(served, erase(served, "few", "a"))["state"] == "succeeded"
    assert [row["customer_id"] for row in customers_of(served, "few")] == ["b", "c"]


def test_a_deleted_model_is_gone_and_its_name_is_free(served):
    fit(served, "short-lived")
    assert served.delete("/v1/models/short-lived").status_code == 204
    assert served.get("/v1/models/short-lived").status_code == 404
    assert fit(served, "short-lived")["version"] == 1
