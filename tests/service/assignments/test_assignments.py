"""Customers placed over HTTP."""

import json
from io import BytesIO

import joblib
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.steps import INCOME, SCORE, fit, place

CANARY = "Zanzibar-77"
HERE = {INCOME: 60, SCORE: 50}
BAD = {INCOME: True, SCORE: CANARY}

anything = (
    st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6)
)
anybody = st.fixed_dictionaries(
    {
        "Age": anything,
        INCOME: anything,
        SCORE: anything,
        "Gender": st.sampled_from([None, "Female", "Male", "Elf"]),
    }
)


@pytest.fixture(scope="module")
def full(sampled):
    """The name of a model of all columns, with both genders."""
    fit(sampled, "full", k=4, features=None)
    return "full"


@pytest.fixture(scope="module")
def single(sampled):
    """The name of a model with one segment."""
    fit(sampled, "single", k=1)
    return "single"


@pytest.fixture(scope="module")
def coded(sampled):
    """The name of a model whose customers are named in a column of their own."""
    csv = "Code No,age\n" + "".join(f"x{n},{n}\n" for n in range(20))
    sampled.put(
        "/v1/datasets/coded?customer_id=Code No", content=csv, headers={"Content-Type": "text/csv"}
    )
    fit(sampled, "coded", dataset="coded", k=2, features=["age"])
    return "coded"


@pytest.fixture(scope="module")
def truth(sampled, full):
    """The joblib file of the model of all columns, and the segment of each index."""
    version = sampled.get(f"/v1/models/{full}/versions/1").json()
    artifact = sampled.get(f"/v1/models/{full}/versions/1/artifact").content
    return joblib.load(BytesIO(artifact)), [each["segment"] for each in version["segments"]]


def ask(client, *customers, model="sample", **query):
    return client.post(
        f"/v1/models/{model}/assignments", json={"customers": customers}, params=query
    )


def send(client, body, media_type="application/json"):
    return client.post(
        "/v1/models/sample/assignments", content=body, headers={"Content-Type": media_type}
    )


def one(client, model="sample", customer=HERE, **query):
    [assignment] = place(client, model, customer, **query)["assignments"]
    return assignment


def table(customers):
    numbers = pd.DataFrame(customers)[["Age", INCOME, SCORE]].astype(float)
    return numbers.assign(Gender=pd.Series([each["Gender"] for each in customers], dtype=object))


def is_known(customer):
    return any(customer[name] is not None for name in ("Age", INCOME, SCORE)) or customer[
        "Gender"
    ] in {
        "Female",
        "Male",
    }


def test_customers_are_assigned_in_the_order_of_the_request(sampled):
    placed = place(sampled, "sample", *({**HERE, "customer_id": n} for n in (9, 3, 7)))[
        "assignments"
    ]
    assert [(each["row"], each["customer_id"]) for each in placed] == [(1, "9"), (2, "3"), (3, "7")]


def test_a_version_assigns_customers_directly(sampled):
    answer = sampled.post("/v1/models/sample/versions/1/assignments", json={"customers": [HERE]})
    assert answer.json() == place(sampled, "sample", HERE)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(customers=st.lists(anybody.filter(is_known), min_size=1, max_size=30))
def test_the_service_and_its_joblib_file_assign_alike(sampled, full, truth, customers):
    pipeline, segments = truth
    placed = place(sampled, full, *customers)["assignments"]
    assert [each["segment"] for each in placed] == [
        segments[index] for index in pipeline.predict(table(customers))
    ]


def test_valid_customers_are_assigned_beside_invalid_ones(sampled):
    answer = place(sampled, "sample", HERE, BAD, HERE)
    assert [each["row"] for each in answer["assignments"]] == [1, 3]


def test_a_bad_customer_is_named_with_its_faults(sampled):
    [rejected] = place(sampled, "sample", HERE, {**BAD, "customer_id": 5})["rejected"]
    assert (rejected["row"], rejected["customer_id"], len(rejected["errors"])) == (2, "5", 2)


def test_a_bad_cell_is_pointed_at(sampled):
    [rejected] = place(sampled, "sample", HERE, {INCOME: 50, SCORE: "much"})["rejected"]
    assert rejected["errors"][0]["pointer"] == f"/customers/1/{SCORE}"


@pytest.mark.parametrize("cell", [True, "much", [1], {"a": 1}, 10**400])
def test_cells_other_than_numbers_are_rejected(sampled, cell):
    assert place(sampled, "sample", HERE, {INCOME: cell, SCORE: 50})["rejected"][0]["row"] == 2


@pytest.mark.parametrize("cell", ["NaN", "Infinity", "1e999"])
def test_invalid_json_values_are_refused_with_a_pointer(sampled, cell):
    body = f'{{"customers": [{{"{SCORE}": 3}}, {{"{INCOME}": {cell}}}]}}'
    answer = send(sampled, body).json()
    assert (answer["status"], answer["errors"][0]["row"]) == (422, 2)


@pytest.mark.parametrize("customer", [{}, {INCOME: None}, {INCOME: "", SCORE: " "}, {"Age": 30}])
def test_a_customer_with_no_known_feature_is_rejected(sampled, customer):
    assert place(sampled, "sample", HERE, customer)["rejected"][0]["row"] == 2


def test_all_or_nothing_is_nothing_when_one_is_bad(sampled):
    answer = ask(sampled, HERE, BAD, atomic=True)
    assert (answer.status_code, {each["row"] for each in answer.json()["errors"]}) == (422, {2})


def test_an_atomic_request_of_valid_customers_succeeds(sampled):
    assert len(place(sampled, "sample", HERE, HERE, atomic=True)["assignments"]) == 2


def test_no_customer_is_assigned_if_all_are_invalid(sampled):
    answer = ask(sampled, BAD, {})
    assert (answer.status_code, {each["row"] for each in answer.json()["errors"]}) == (422, {1, 2})


@pytest.mark.parametrize("query", [{}, {"atomic": True}])
def test_a_refusal_repeats_no_value(sampled, query):
    assert CANARY not in ask(sampled, BAD, **query).text


def test_a_request_without_customers_is_refused(sampled):
    assert ask(sampled).status_code == 422


@pytest.mark.parametrize(
    "body", ["[]", '{"customers": {}}', '{"customers": [5]}', '{"customers"', "", '{"people": []}']
)
def test_a_body_without_customers_is_refused(sampled, body):
    assert send(sampled, body).status_code == 422


def test_columns_that_the_model_does_not_use_are_warned_of_once(sampled):
    warnings = place(sampled, "sample", {**HERE, "shoe": 9}, {**HERE, "hat": 7, "shoe": 8})[
        "warnings"
    ]
    assert warnings == ["The model does not use shoe, hat"]


def test_of_many_unused_columns_only_some_are_named(sampled):
    [warning] = place(sampled, "sample", HERE | {f"column{n}": n for n in range(900)})["warnings"]
    assert warning.endswith("and 890 more")


def test_the_column_of_the_id_is_no_unused_one(sampled):
    assert place(sampled, "sample", {**HERE, "CustomerID": 1})["warnings"] == []


@pytest.mark.parametrize(
    ("given_ids", "told"),
    [
        ({}, None),
        ({"customer_id": "a b/c"}, "a b/c"),
        ({"customer_id": 12}, "12"),
        ({"CustomerID": 12}, "12"),
        ({"CustomerID": 12, "customer_id": 13}, "13"),
        ({"CustomerID": 12, "customer_id": None}, "12"),
    ],
)
def test_a_customer_is_named_as_in_the_request(sampled, given_ids, told):
    assert one(sampled, customer={**HERE, **given_ids})["customer_id"] == told


def test_a_customer_is_named_in_the_column_of_its_dataset(sampled, coded):
    assert one(sampled, coded, {"Code No": "x7", "age": 7})["customer_id"] == "x7"


@pytest.mark.parametrize("bad", [True, 1.5, ".", "..", "a\nb", "x" * 257, [1]])
def test_invalid_ids_are_rejected(sampled, bad):
    [rejected] = place(sampled, "sample", HERE, {**HERE, "customer_id": bad})["rejected"]
    assert (rejected["row"], rejected["customer_id"]) == (2, None)


def test_numbers_may_be_written_as_text(sampled):
    assert one(sampled, customer={INCOME: " 60.0 ", SCORE: "5e1"}) == one(sampled)


def test_a_missing_feature_is_imputed_and_named(sampled):
    assert one(sampled, customer={INCOME: 60})["imputed"] == [SCORE]


def test_a_category_that_the_model_has_never_seen_is_named(sampled, full):
    assert one(sampled, full, {**HERE, "Age": 30, "Gender": "Elf"})["unknown"] == {"Gender": "Elf"}


def test_an_ordinary_customer_is_no_outlier(sampled):
    assert one(sampled)["outlier"] is False


def test_a_customer_beyond_the_fence_is_an_outlier_for_that_reason(sampled):
    placed = one(sampled, customer={INCOME: 1e6, SCORE: 50})
    assert (placed["outlier"], placed["outlier_reasons"][0]["feature"]) == (True, INCOME)


def test_a_distance_is_nothing_below_zero(sampled):
    assert one(sampled)["distance"] >= 0


def test_a_margin_lies_between_the_border_and_the_center(sampled):
    placed = place(
        sampled, "sample", *({INCOME: income, SCORE: 50} for income in range(0, 200, 5))
    )["assignments"]
    assert all(0 <= each["margin"] <= 1 for each in placed)


def test_the_runner_up_is_another_segment(sampled):
    placed = one(sampled)
    assert placed["runner_up"] not in {None, placed["segment"]}


def test_with_one_segment_there_is_no_runner_up(sampled, single):
    placed = one(sampled, single)
    assert (placed["runner_up"], placed["margin"]) == (None, None)


def test_with_one_segment_there_are_no_reasons(sampled, single):
    assert "reasons" not in one(sampled, single, explain=True)


def test_reasons_are_returned_only_on_request(sampled):
    assert ["reasons" in one(sampled, explain=asked) for asked in (False, True)] == [False, True]


@pytest.mark.parametrize("customer", [HERE, {INCOME: 70, SCORE: 40}, {INCOME: 75}])
def test_contributions_of_reasons_add_up_to_the_margin(sampled, customer):
    placed = one(sampled, customer=customer, explain=True)
    total = sum(each["contribution"] for each in placed["reasons"])
    assert min(max(total, 0), 1) == pytest.approx(placed["margin"])


def test_reasons_are_in_the_units_of_the_request(sampled):
    reasons = one(sampled, explain=True)["reasons"]
    assert {each["feature"]: each["value"] for each in reasons} == HERE


def test_the_strongest_reason_comes_first(sampled):
    strengths = [abs(each["contribution"]) for each in one(sampled, explain=True)["reasons"]]
    assert strengths == sorted(strengths, reverse=True)


@pytest.mark.parametrize(
    ("model", "status"), [("nowhere", 404), ("sample/versions/9", 404), ("Sample", 422)]
)
def test_an_absent_model_assigns_no_customer(sampled, model, status):
    assert ask(sampled, HERE, model=model).status_code == status


def test_a_model_that_is_not_ready_assigns_no_customer(sampled, name):
    body = {"name": name, "dataset": "sample", "k": 999}
    sampled.post("/v1/models", json=body, headers={"Prefer": "wait=30"})
    assert ask(sampled, HERE, model=name).status_code == 409


@pytest.mark.parametrize("odd", [{"\ud800": 1}, {"customer_id": "\ud800"}, {INCOME: "\ud800"}])
def test_half_a_character_does_no_harm(sampled, odd):
    assert send(sampled, json.dumps({"customers": [{**HERE, **odd}]})).status_code == 422


@pytest.mark.parametrize("media_type", ["text/html", "application/xml"])
def test_another_format_is_answered_with_those_that_are_read(sampled, media_type):
    assert send(sampled, "a,b\n1,2\n", media_type).status_code == 415
