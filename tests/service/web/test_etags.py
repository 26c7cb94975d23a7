"""Who changes what somebody else has changed meanwhile is told so."""

import pytest

from tests.support.steps import fit, refit


@pytest.fixture
def model(sampled, name):
    """A model of its own with two versions."""
    fit(sampled, name)
    refit(sampled, name, k=3)
    return name


@pytest.fixture
def segment(sampled, model):
    return sampled.get(f"/v1/models/{model}/versions/1/segments").json()["segments"][0]["segment"]


def test_a_stale_etag_moves_no_alias(sampled, model):
    alias = f"/v1/models/{model}/aliases/production"
    seen = sampled.get(alias).headers["ETag"]
    answers = [
        sampled.put(alias, json={"version": version}, headers={"If-Match": seen}).status_code
        for version in (2, 1)
    ]
    assert (answers, sampled.get(alias).json()["version"]) == ([200, 412], 2)


def test_a_moved_alias_returns_its_new_etag(sampled, model):
    alias = f"/v1/models/{model}/aliases/production"
    moved = sampled.put(alias, json={"version": 2})
    assert moved.headers["ETag"] == sampled.get(alias).headers["ETag"]


@pytest.mark.parametrize("if_match", ["*", '"0"', "", "production"])
def test_if_match_fails_for_a_missing_resource(sampled, model, if_match):
    answer = sampled.put(
        f"/v1/models/{model}/aliases/tried", json={"version": 1}, headers={"If-Match": if_match}
    )
    assert (answer.status_code, answer.json()["type"]) == (412, "/problems/changed-meanwhile")


def test_if_match_star_matches_any_existing_resource(sampled, model):
    headers = {"If-Match": "*"}
    moved = sampled.put(
        f"/v1/models/{model}/aliases/production", json={"version": 2}, headers=headers
    )
    assert moved.status_code == 200


def test_a_stale_etag_renames_no_segment(sampled, model, segment):
    address = f"/v1/models/{model}/segments/{segment}"
    seen = sampled.get(f"/v1/models/{model}/versions/1/segments/{segment}").headers["ETag"]
    answers = [
        sampled.patch(address, json={"name": name}, headers={"If-Match": seen}).status_code
        for name in ("Mine", "Theirs")
    ]
    named = sampled.get(f"/v1/models/{model}/versions/1/segments/{segment}").json()["name"]
    assert (answers, named) == ([200, 412], "Mine")


def test_a_version_has_another_etag_if_its_representation_changes(sampled, model):
    address = f"/v1/models/{model}/versions/1"
    tags = [sampled.get(address).headers["ETag"] for _ in range(2)]
    sampled.put(f"/v1/models/{model}/aliases/production", json={"version": 2})
    assert (tags[0] == tags[1], sampled.get(address).headers["ETag"] == tags[0]) == (True, False)


def test_an_alias_that_was_never_created_is_absent(sampled, model):
    assert sampled.get(f"/v1/models/{model}/aliases/tried").status_code == 404
