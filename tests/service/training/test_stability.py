"""How far segments can be trusted, as a version says it."""

import numpy as np
import pytest

from tests.support.steps import fit, put_csv

ALGORITHMS = ["kmeans", "hierarchical"]


def noise(n=200):
    rows = np.random.default_rng(0).normal(size=(n, 3)).round(6).tolist()
    return "\n".join(
        ["id,a,b,c", *(",".join(map(str, [number, *row])) for number, row in enumerate(rows))]
    )


def segments(client, version):
    return client.get(
        f"/v1/models/{version['model']}/versions/{version['version']}/segments"
    ).json()["segments"]


@pytest.fixture(scope="module")
def clear(sampled):
    return {name: fit(sampled, f"clear-{name}", algorithm={"name": name}) for name in ALGORITHMS}


@pytest.fixture(scope="module")
def unclear(sampled):
    put_csv(sampled, "noise", noise())
    asked = {"dataset": "noise", "k": 6, "features": None}
    return {
        name: fit(sampled, f"unclear-{name}", algorithm={"name": name}, **asked)
        for name in ALGORITHMS
    }


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_segments_of_clear_groups_are_stable_and_replicate(sampled, clear, algorithm):
    assert min(each["stability"] for each in segments(sampled, clear[algorithm])) > 0.75
    assert clear[algorithm]["metrics"]["replication"] > 0.75
    assert clear[algorithm]["warnings"] == []


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_segments_of_noise_have_a_replication_warning(unclear, algorithm):
    assert "these segments do not replicate" in " ".join(unclear[algorithm]["warnings"])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_unstable_segments_are_named_in_a_warning(sampled, unclear, algorithm):
    doubted = [
        each["name"] for each in segments(sampled, unclear[algorithm]) if each["stability"] < 0.6
    ]
    warned = [warning for warning in unclear[algorithm]["warnings"] if "is not stable" in warning]
    assert [warning.partition("'")[2].partition("' is")[0] for warning in warned] == doubted != []


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_too_few_customers_for_the_columns_and_segments_have_a_warning(unclear, algorithm):
    assert (
        "200 customers are few for 6 segments by 3 columns: at least 210 are advised"
        in unclear[algorithm]["warnings"][0]
    )


def test_the_only_segment_has_no_stability_and_is_not_replicated(sampled, name):
    version = fit(sampled, name, k=1)
    assert [each["stability"] for each in segments(sampled, version)] == [None]
    assert version["metrics"]["replication"] is None


def test_a_tree_that_is_cut_at_a_distance_is_checked_as_one_that_is_cut_by_number(
    sampled, clear, name
):
    low, high = sampled.get("/v1/models/clear-hierarchical/versions/1/tree").json()["cut"][
        "distance_between"
    ]
    version = fit(
        sampled, name, algorithm={"name": "hierarchical", "distance": (low + high) / 2}, k=None
    )
    assert version["metrics"] == clear["hierarchical"]["metrics"]
