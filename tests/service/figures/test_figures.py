"""Figures over HTTP."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from models.figures import EXTENSIONS, OF_COMPARISONS, OF_DATASETS, OF_RECOMMENDATIONS, OF_VERSIONS
from service.stores.lru_cache import LruCache
from tests.support.steps import (
    INCOME,
    SCORE,
    customers_of,
    erase,
    finished,
    fit,
    put_csv,
    recommend,
)

pytestmark = pytest.mark.slow

VERSION = "/v1/models/{}/versions/1/figures"
STARTS = {"svg": b"<svg ", "png": b"\x89PNG", "html": b"<!DOCTYPE html>", "json": b"{"}
TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}


@pytest.fixture(scope="module")
def places(sampled):
    """Everything of the sample that there are figures of."""
    fit(sampled, "drawn-tree", algorithm={"name": "hierarchical"}, features=None, k=4)
    asked = recommend(sampled, k_max=5, criteria=["knee", "silhouette", "gap"])["recommendation"]
    return {
        "dataset": "/v1/datasets/sample/figures",
        "recommendation": f"/v1/datasets/sample/recommendations/{asked}/figures",
        "version": VERSION.format("drawn-tree"),
        "comparison": "/v1/models/drawn-tree/comparison/figures",
    }


@pytest.fixture
def drawn(sampled):
    def drawn(address, status=200, **asked):
        answer = sampled.get(address, **asked)
        assert answer.status_code == status, answer.text
        return answer

    return drawn


def listed(client, address):
    return {each["figure"]: each for each in client.get(address).json()["figures"]}


@pytest.mark.parametrize(
    ("of", "figures"),
    [
        ("dataset", OF_DATASETS),
        ("recommendation", OF_RECOMMENDATIONS),
        ("version", OF_VERSIONS),
        ("comparison", OF_COMPARISONS),
    ],
)
def test_every_figure_is_listed_with_its_description(sampled, places, of, figures):
    found = listed(sampled, places[of])
    assert list(found) == [figure.name for figure in figures]
    assert all(each["shows"] for each in found.values())


@pytest.mark.parametrize("of", ["dataset", "recommendation", "version", "comparison"])
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_listed_figure_is_available_in_every_format(sampled, places, drawn, of, extension):
    names = [name for name, each in listed(sampled, places[of]).items() if each["exists"]]
    answers = [drawn(f"{places[of]}/{name}.{extension}") for name in names]
    assert {answer.headers["Content-Type"] for answer in answers} <= {TYPES[extension]}
    assert [
        answer.content[:20]
        for answer in answers
        if not answer.content.startswith(STARTS[extension])
    ] == []


def test_an_unavailable_figure_has_a_reason_in_the_list_and_in_its_own_response(sampled, drawn):
    reason = listed(sampled, VERSION.format("sample"))["customers-3d"]["reason"]
    assert reason in drawn(VERSION.format("sample") + "/customers-3d.svg", 404).json()["detail"]


def test_an_unknown_figure_is_answered_with_those_that_there_are(drawn):
    assert "silhouette" in drawn(VERSION.format("sample") + "/pie.svg", 404).json()["detail"]


@pytest.mark.parametrize("ending", ["sizes.gif", "sizes", "SIZES.svg"])
def test_invalid_figure_requests_are_refused(sampled, ending):
    assert sampled.get(f"{VERSION.format('sample')}/{ending}").status_code in {404, 422}


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_client_that_has_the_figure_is_not_sent_it_again(drawn, extension):
    address = f"{VERSION.format('sample')}/sizes.{extension}"
    tag = drawn(address).headers["ETag"]
    again = drawn(address, 304, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.content, again.headers["ETag"]) == (b"", tag)


@pytest.mark.parametrize("known", ["{}", "W/{}", '"a, b",{}', 'W/"other" , W/{}', "*"])
def test_if_none_match_is_accepted_in_every_form(drawn, known):
    address = f"{VERSION.format('sample')}/sizes.svg"
    tag = drawn(address).headers["ETag"]
    assert drawn(address, 304, headers={"If-None-Match": known.format(tag)}).content == b""


@pytest.mark.parametrize("known", ['"x{0}"', '"{0}', "{0}", '""', '"*"'])
def test_another_or_malformed_etag_gets_the_figure(drawn, known):
    address = f"{VERSION.format('sample')}/sizes.svg"
    drawn(
        address, headers={"If-None-Match": known.format(drawn(address).headers["ETag"].strip('"'))}
    )


def test_a_figure_that_does_not_exist_is_not_had_by_anyone(drawn):
    drawn(f"{VERSION.format('sample')}/customers-3d.svg", 404, headers={"If-None-Match": "*"})


def test_a_client_that_has_the_figure_is_answered_without_reading_a_customer(sampled, drawn):
    parts = sampled.app.state.services
    address = f"{VERSION.format('sample')}/customers.svg"
    tag = drawn(address).headers["ETag"]
    unread = replace(parts.stores, subjects=LruCache(0, pytest.fail), tables=None, artifacts=None)
    sampled.app.state.services = replace(parts, stores=unread)
    try:
        drawn(address, 304, headers={"If-None-Match": tag})
    finally:
        sampled.app.state.services = parts


def test_light_and_dark_are_two_pictures(drawn):
    address = f"{VERSION.format('sample')}/sizes.svg"
    light, dark = drawn(address), drawn(address, params={"theme": "dark"})
    assert light.headers["ETag"] != dark.headers["ETag"]
    assert light.content != dark.content


def test_a_segment_that_is_renamed_is_renamed_in_the_picture(sampled, drawn, name):
    [segment, *_] = fit(sampled, name)["segments"]
    address = f"{VERSION.format(name)}/sizes.svg"
    before = drawn(address)
    sampled.patch(
        f"/v1/models/{name}/segments/{segment['segment']}", json={"name": "Bargain <b> hunters"}
    )
    after = drawn(address, headers={"If-None-Match": before.headers["ETag"]})
    assert "Bargain &lt;b&gt; hunters" in after.text


def test_the_data_of_a_figure_names_its_columns(drawn):
    table = drawn(f"{VERSION.format('sample')}/customers.json").json()
    assert table["columns"] == ["segment", INCOME, SCORE]
    assert {len(row) for row in table["rows"]} == {3}


def test_no_figure_names_a_customer(client, name):
    rows = "".join(f"Zanzibar-{i},{i % 7},{i * i % 50}\n" for i in range(60))
    put_csv(client, name, f"customer_id,a,b\n{rows}")
    fit(client, name, dataset=name, features=["a", "b"], k=2)
    for place in (f"/v1/datasets/{name}/figures", VERSION.format(name)):
        for figure in listed(client, place):
            assert "Zanzibar" not in client.get(f"{place}/{figure}.json").text


def test_an_erased_customer_is_in_no_figure(client, sample_csv):
    put_csv(client, "sample", sample_csv)
    fit(client, "sample")
    address = f"{VERSION.format('sample')}/customers.json"
    before = client.get(address)
    gone = customers_of(client, "sample")[0]
    erase(client, "sample", gone["CustomerID"])
    after = client.get(address, headers={"If-None-Match": before.headers["ETag"]})
    assert len(after.json()["rows"]) == len(before.json()["rows"]) - 1


def test_figures_of_other_customers_than_those_of_the_fit_have_a_note_as_does_their_list(
    client, sample_csv
):
    put_csv(client, "sample", sample_csv)
    fit(client, "sample", features=None)
    place = VERSION.format("sample")
    assert client.get(place).json()["note"] is None
    finished(client, erase(client, "sample", customers_of(client, "sample")[0]["CustomerID"]))
    note = client.get(place).json()["note"]
    assert "fitted on version 1 of the dataset" in note
    assert "the customers of version 2" in note
    learned = {"sizes", "dendrogram"}
    for name, each in listed(client, place).items():
        if each["exists"]:
            assert (note in client.get(f"{place}/{name}.json").json()["notes"]) == (
                name not in learned
            )


def test_after_a_deletion_of_the_customers_figures_of_the_fit_remain(client, sample_csv):
    put_csv(client, "sample", sample_csv)
    fit(client, "sample")
    client.get(f"{VERSION.format('sample')}/customers.svg")
    client.delete("/v1/datasets/sample", params={"force": True})
    found = listed(client, VERSION.format("sample"))
    assert (found["sizes"]["exists"], found["customers"]["exists"]) == (True, False)
    assert client.get(f"{VERSION.format('sample')}/customers.svg").status_code == 404
    assert client.get(f"{VERSION.format('sample')}/sizes.svg").status_code == 200


def test_a_page_runs_its_own_scripts_and_nothing_else(drawn):
    policy = drawn(f"{VERSION.format('sample')}/sizes.html").headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts; ")
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert re.findall(r"script-src ('sha256-[\w+/=]+' ?){2};", policy)


def test_a_picture_runs_nothing(drawn):
    policy = drawn(f"{VERSION.format('sample')}/sizes.svg").headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")


def test_a_picture_is_well_formed(sampled, places, drawn):
    for place in places.values():
        for name, each in listed(sampled, place).items():
            if each["exists"]:
                ET.fromstring(drawn(f"{place}/{name}.svg").text)  # noqa: S314 - our own


@pytest.mark.parametrize("place", ["/v1/datasets/nobody/figures", VERSION.format("nobody")])
def test_figures_of_absent_resources_are_not_found(sampled, place):
    assert sampled.get(place).status_code == 404


def test_the_numbers_in_the_data_are_those_of_the_version(sampled, drawn):
    sizes = drawn(f"{VERSION.format('sample')}/sizes.json").json()
    segments = sampled.get("/v1/models/sample/versions/1").json()["segments"]
    assert sizes["rows"] == [
        [each["name"], each["n_customers"], each["share"]] for each in segments
    ]


def test_the_data_is_strict_json(sampled, places, drawn):
    for place in places.values():
        for name, each in listed(sampled, place).items():
            if each["exists"]:
                json.loads(drawn(f"{place}/{name}.json").text, parse_constant=pytest.fail)
