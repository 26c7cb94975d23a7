"""Two versions of a model compared, over HTTP."""

from collections import Counter
from dataclasses import replace

import pytest
from sklearn.metrics import adjusted_rand_score

from tests.support.fakes import Interrupted
from tests.support.steps import (
    INCOME,
    SCORE,
    customers_of,
    erase,
    finished,
    fit,
    put_csv,
    refit,
    upsert,
)

pytestmark = pytest.mark.slow


def compare(client, model, status=200, headers=None, **versions):
    answer = client.get(f"/v1/models/{model}/comparison", params=versions, headers=headers)
    assert answer.status_code == status, answer.text
    return answer


def compared(client, model, **versions):
    return compare(client, model, **versions).json()


def refused(client, model, **versions):
    problem = compare(client, model, 409, **versions).json()
    assert problem["type"] == "/problems/incomparable"
    return problem["detail"]


def segments_by(client, model, version):
    """Where a version places the sample's customers, one by one."""
    customers = [
        {name: row[name] for name in (INCOME, SCORE)} for row in customers_of(client, "sample")
    ]
    address = f"/v1/models/{model}/versions/{version}/assignments"
    answer = client.post(address, json={"customers": customers})
    assert answer.status_code == 200, answer.text
    return [each["segment"] for each in answer.json()["assignments"]]


@pytest.fixture(scope="module")
def model(sampled):
    """A model of five segments, whose second version has four."""
    fit(sampled, "compared")
    refit(sampled, "compared", k=4)
    return "compared"


@pytest.fixture
def own(client, sample_csv):
    """A service of one's own with a model of two versions."""
    put_csv(client, "sample", sample_csv)
    fit(client, "own")
    refit(client, "own", k=4)
    return client


def test_each_customer_is_counted_by_its_segments_in_both_versions(sampled, model):
    before, after = (segments_by(sampled, model, version) for version in (1, 2))
    found = compared(sampled, model)
    counts = {
        (flow["from_segment"], flow["to_segment"]): flow["n_customers"] for flow in found["flows"]
    }
    assert counts == Counter(zip(before, after, strict=True))
    assert (
        found["n_moved"] == sum(one != other for one, other in zip(before, after, strict=True)) > 0
    )


def test_agreement_is_that_of_scikit_learn(sampled, model):
    before, after = (segments_by(sampled, model, version) for version in (1, 2))
    found = compared(sampled, model)["adjusted_rand_index"]
    assert found == pytest.approx(adjusted_rand_score(before, after))


def test_production_is_compared_with_the_newest_version_by_default(sampled, model):
    assert compared(sampled, model) == compared(sampled, model, **{"from": "production", "to": "2"})


def test_the_response_names_the_compared_dataset(sampled, model):
    found = compared(sampled, model)
    told = {
        name: found[name]
        for name in ("model", "from", "to", "dataset", "dataset_version_available")
    }
    assert told == {
        "model": model,
        "from": 1,
        "to": 2,
        "dataset": "sample",
        "dataset_version_available": True,
    }
    assert (found["n_customers"], found["n_unplaced"]) == (400, 0)


def test_flows_are_named_and_ordered_and_add_up(sampled, model):
    flows = compared(sampled, model)["flows"]
    sizes = [flow["n_customers"] for flow in flows]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(flow["share"] for flow in flows) == pytest.approx(1)
    names = {
        each["segment"]: each["name"]
        for each in sampled.get(f"/v1/models/{model}/versions/1").json()["segments"]
    }
    assert {flow["from_segment"]: flow["from_name"] for flow in flows} == names


def test_segments_that_only_one_version_has_are_named(sampled, model):
    before, after = (
        {
            each["segment"]
            for each in sampled.get(f"/v1/models/{model}/versions/{version}").json()["segments"]
        }
        for version in (1, 2)
    )
    found = compared(sampled, model)
    assert {each["segment"] for each in found["only_in_from"]} == before - after
    assert {each["segment"] for each in found["only_in_to"]} == after - before


def test_a_version_compared_with_itself_moves_no_customer(sampled, model):
    found = compared(sampled, model, **{"from": 2, "to": 2})
    assert (found["n_moved"], found["adjusted_rand_index"], found["only_in_from"]) == (0, 1.0, [])


def test_the_share_that_moves_is_the_same_in_both_directions(sampled, model):
    there, back = (compared(sampled, model, **{"from": a, "to": b}) for a, b in ((1, 2), (2, 1)))
    assert (there["n_moved"], there["adjusted_rand_index"]) == (
        back["n_moved"],
        back["adjusted_rand_index"],
    )


def test_versions_with_other_columns_are_compared_on_the_same_customers(sampled):
    fit(sampled, "columns")
    refit(sampled, "columns", features=["Age", "Gender"], k=3)
    assert compared(sampled, "columns")["n_customers"] == 400


def test_a_client_that_has_the_comparison_is_not_sent_it_again(sampled, model):
    tag = compare(sampled, model).headers["ETag"]
    again = compare(sampled, model, 304, headers={"If-None-Match": tag})
    assert (again.content, again.headers["ETag"]) == (b"", tag)


def test_a_segment_that_is_renamed_is_renamed_in_the_comparison(own):
    before = compare(own, "own")
    segment = before.json()["flows"][0]["from_segment"]
    own.patch(f"/v1/models/own/segments/{segment}", json={"name": "Regulars"})
    after = compare(own, "own", headers={"If-None-Match": before.headers["ETag"]})
    assert after.json()["flows"][0]["from_name"] == "Regulars"


def test_customers_are_read_once_for_repeated_requests(own):
    parts, read = own.app.state.services, []
    tables = Interrupted(parts.stores.tables, "batches", lambda: read.append(1))
    own.app.state.services = replace(parts, stores=replace(parts.stores, tables=tables))
    assert compare(own, "own").content == compare(own, "own").content
    assert own.get("/v1/models/own/comparison/figures/moves.svg").is_success
    assert len(read) == 1


def test_after_an_erasure_the_remaining_customers_are_compared(own):
    finished(own, erase(own, "sample", customers_of(own, "sample")[0]["CustomerID"]))
    found = compared(own, "own")
    assert (found["n_customers"], found["dataset_version"], found["dataset_version_available"]) == (
        399,
        2,
        False,
    )


def test_customers_that_a_version_cannot_assign_are_left_out_and_counted(own):
    rows = [{"CustomerID": f"new-{i}"} for i in range(3)]
    upsert(own, "sample", *rows)
    refit(own, "own", k=4)
    found = compared(own, "own")
    assert (found["n_customers"], found["n_unplaced"]) == (400, 3)


def test_versions_of_different_datasets_are_not_compared(own, sample_csv):
    put_csv(own, "other", sample_csv)
    refit(own, "own", dataset="other", k=4)
    assert refused(own, "own").endswith("from the dataset sample, version 3 from other")


def test_versions_whose_dataset_was_deleted_are_not_compared(own):
    own.delete("/v1/datasets/sample", params={"force": True})
    assert "was deleted" in refused(own, "own")


def test_columns_that_a_version_needs_must_exist(own, sample_csv):
    header, _, rows = sample_csv.partition("\n")
    put_csv(own, "sample", f"{header.replace(SCORE, 'Score')}\n{rows}")
    refit(own, "own", features=[INCOME], k=4)
    assert f"has no column {SCORE}, which version 1" in refused(own, "own")


@pytest.mark.parametrize("ref", ["9", "nobody"])
def test_a_version_that_is_not_there_is_not_found(sampled, model, ref):
    compare(sampled, model, 404, to=ref)


@pytest.mark.parametrize("ref", ["0", "-1", "1.5", "A", ""])
def test_invalid_version_references_are_refused(sampled, model, ref):
    compare(sampled, model, 422, **{"from": ref})


def test_a_model_that_is_not_there_is_not_found(sampled):
    compare(sampled, "nobody", 404)


def test_the_numbers_in_the_figures_are_those_of_the_comparison(sampled, model):
    flows = compared(sampled, model)["flows"]
    rows = sampled.get(f"/v1/models/{model}/comparison/figures/sankey.json").json()["rows"]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        (flow["from_name"], flow["to_name"], flow["n_customers"]) for flow in flows
    ]


def test_another_pair_of_versions_has_another_figure(sampled, model):
    address = f"/v1/models/{model}/comparison/figures/moves.svg"
    there, back = (sampled.get(address, params={"from": a, "to": b}) for a, b in ((1, 2), (2, 1)))
    assert there.headers["ETag"] != back.headers["ETag"]
    assert there.content != back.content
