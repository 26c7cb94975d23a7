"""What segments are like, and what people call them."""

from io import StringIO

import pandas as pd
import pytest

from service.segments.schemas import Difference
from tests.support.steps import INCOME, SCORE, fit, place, refit

UNKNOWN = "seg_0000000000000000"


@pytest.fixture
def own(sampled, name):
    """A model of its own, and one of its segments."""
    return name, fit(sampled, name, k=2)["segments"][0]["segment"]


@pytest.fixture
def call(sampled):
    def call(model, segment, **changes):
        return sampled.patch(f"/v1/models/{model}/segments/{segment}", json=changes)

    return call


def segments(client, model="sample", version="production"):
    return client.get(f"/v1/models/{model}/versions/{version}/segments").json()["segments"]


def names(client, model, version="production"):
    return {each["segment"]: each["name"] for each in segments(client, model, version)}


def test_the_shares_of_the_segments_add_up(sampled):
    assert sum(each["share"] for each in segments(sampled)) == pytest.approx(1)


def test_each_customer_is_in_one_segment(sampled):
    assert sum(each["n_customers"] for each in segments(sampled)) == 400


def test_segments_are_sorted_by_index(sampled):
    assert [each["index"] for each in segments(sampled)] == [0, 1, 2, 3, 4]


def test_a_segment_is_shown_as_in_the_list(sampled):
    shown = segments(sampled)[3]
    assert sampled.get(f"/v1/models/sample/versions/1/segments/{shown['segment']}").json() == shown


def test_typical_values_are_medians_of_the_assigned_customers(sampled, sample_csv):
    customers = pd.read_csv(StringIO(sample_csv))
    placed = place(sampled, "sample", *customers[[INCOME, SCORE]].to_dict("records"))["assignments"]
    medians = customers.groupby([each["segment"] for each in placed])[[INCOME, SCORE]].median()
    assert {each["segment"]: each["typical"] for each in segments(sampled)} == medians.to_dict(
        "index"
    )


def test_differences_of_a_segment_are_shown_with_the_overall_values(sampled, sample_csv):
    overall = pd.read_csv(StringIO(sample_csv))[INCOME].median()
    told = {
        each["overall"]
        for shown in segments(sampled)
        for each in shown["differs_by"]
        if each["feature"] == INCOME
    }
    assert told == {overall}


def test_nothing_sets_the_only_segment_apart(sampled, name):
    fit(sampled, name, k=1)
    assert segments(sampled, name)[0]["differs_by"] == []


def test_the_typical_category_is_described_by_shares(sampled, name):
    fit(sampled, name, k=1, features=["Gender", INCOME])
    assert sum(segments(sampled, name)[0]["typical"]["Gender"].values()) == pytest.approx(1)


def test_a_name_set_by_a_user_is_shown(sampled, own, call):
    model, segment = own
    call(model, segment, name="  Savers ", description="Much money, little shopping.")
    shown = next(each for each in segments(sampled, model) if each["segment"] == segment)
    assert (shown["name"], shown["description"]) == ("Savers", "Much money, little shopping.")


def test_a_name_set_by_a_user_is_shown_in_assignments(sampled, own, call):
    model, segment = own
    others = [each for each in names(sampled, model) if each != segment]
    call(model, segment, name="Chosen")
    call(model, others[0], name="Chosen")
    assert (
        place(sampled, model, {INCOME: 50, SCORE: 50})["assignments"][0]["segment_name"] == "Chosen"
    )


def test_a_name_set_by_a_user_stays_with_the_segment(sampled, own, call):
    model, segment = own
    call(model, segment, name="Savers")
    refit(sampled, model)
    assert names(sampled, model, 2)[segment] == "Savers"


def test_null_removes_a_name_set_by_a_user(sampled, own, call):
    model, segment = own
    before = names(sampled, model)
    call(model, segment, name="Savers")
    call(model, segment, name=None)
    assert names(sampled, model) == before


def test_fields_absent_from_a_change_stay(own, call):
    model, segment = own
    call(model, segment, name="Savers")
    assert call(model, segment, description="Much money.").json()["name"] == "Savers"


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"name": "   "}, {"name": "n" * 101}, {"name": "a\0b"}, {"size": 3}]
)
def test_invalid_names_are_refused(own, call, changes):
    assert call(*own, **changes).status_code == 422


def test_a_segment_that_the_version_does_not_have_is_not_found(sampled):
    assert sampled.get(f"/v1/models/sample/versions/1/segments/{UNKNOWN}").status_code == 404


def test_a_segment_that_the_model_does_not_have_cannot_be_named(call):
    assert call("sample", UNKNOWN, name="Savers").status_code == 404


def test_a_segment_of_another_model_cannot_be_named(own, call):
    _, segment = own
    assert call("sample", segment, name="Savers").status_code == 404


def test_a_segment_that_no_version_has_any_more_is_forgotten(sampled, name, call):
    fit(sampled, name)
    [segment] = refit(sampled, name, k=1)["segments"]
    sampled.delete(f"/v1/models/{name}/versions/2")
    assert call(name, segment["segment"], name="Everybody").status_code == 404


@pytest.mark.parametrize(
    ("category", "measure", "text"),
    [
        (None, "median", "age: typically 0.75, above the 0.5 of all"),
        ("x", "share", "75 % are x (age), 50 % of all"),
    ],
    ids=["number", "category"],
)
def test_differences_stored_by_an_earlier_release_have_the_current_schema(category, measure, text):
    stored = {"feature": "age", "category": category, "here": 0.75, "overall": 0.5, "effect": 0.9}
    shown = Difference.model_validate(stored)
    assert (shown.measure, shown.phrase, shown.text) == (measure, None, text)
