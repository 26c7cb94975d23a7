"""The tree behind a hierarchical version, over HTTP."""

import pytest

from tests.support.steps import INCOME, SCORE, fit, refit

WARD = {"name": "hierarchical"}
SINGLE = {"name": "hierarchical", "linkage": "single"}


@pytest.fixture(scope="module")
def grown(sampled):
    """A hierarchical version."""
    return fit(sampled, "grown", algorithm=WARD, k=4)


@pytest.fixture
def tree_of(sampled):
    def tree_of(model, version="production", **query):
        answer = sampled.get(f"/v1/models/{model}/versions/{version}/tree", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return tree_of


def nodes(node):
    yield node
    for child in node["children"]:
        yield from nodes(child)


@pytest.mark.usefixtures("grown")
def test_the_root_contains_all_customers(tree_of):
    root = tree_of("grown")["tree"]
    assert (root["n_customers"], root["share"], root["n_groups"]) == (400, 1.0, 200)


@pytest.mark.usefixtures("grown")
@pytest.mark.parametrize("depth", [0, 1, 3, 20])
def test_a_tree_is_truncated_at_the_requested_depth(tree_of, depth):
    def deepest(node):
        return max((1 + deepest(child) for child in node["children"]), default=0)

    asked = tree_of("grown", depth=depth)
    assert deepest(asked["tree"]) == min(depth, asked["depth"])


def test_the_segments_are_where_the_tree_is_cut(tree_of, grown):
    shown = {
        node["segment"]: node
        for node in nodes(tree_of("grown", depth=20)["tree"])
        if node["segment"]
    }
    assert {
        segment: (node["segment_name"], node["n_customers"], node["share"])
        for segment, node in shown.items()
    } == {
        each["segment"]: (each["name"], each["n_customers"], each["share"])
        for each in grown["segments"]
    }


@pytest.mark.usefixtures("grown")
def test_the_cut_lies_between_the_segments_and_the_merges_above_them(tree_of):
    asked = tree_of("grown", depth=20)
    low, high = asked["cut"]["distance_between"]
    inner = [node for node in nodes(asked["tree"]) if node["children"]]
    assert asked["cut"]["k"] == 4
    assert max(node["height"] for node in inner if node["segment"]) == low
    assert sum(node["height"] >= high for node in inner) == 3


@pytest.mark.parametrize("position", [0, 0.5, 0.999])
def test_a_fit_at_any_distance_of_the_cut_gives_these_segments(sampled, tree_of, grown, position):
    low, high = tree_of("grown")["cut"]["distance_between"]
    asked = {
        "algorithm": {**WARD, "distance": low + position * (high - low)},
        "features": [INCOME, SCORE],
    }
    sizes = {each["n_customers"] for each in grown["segments"]}
    assert {each["n_customers"] for each in refit(sampled, "grown", **asked)["segments"]} == sizes


@pytest.mark.usefixtures("grown")
def test_the_subtree_of_any_node_can_be_requested(tree_of):
    child = tree_of("grown", depth=4)["tree"]["children"][0]
    assert tree_of("grown", depth=3, node=child["node"])["tree"] == child


def test_a_chain_of_merges_is_walked_node_by_node(sampled, tree_of, name):
    fit(sampled, name, algorithm=SINGLE, k=2)
    asked = tree_of(name, depth=20)
    assert asked["depth"] > 20
    assert len(list(nodes(asked["tree"]))) < 2 * asked["n_groups"]


def test_a_renamed_segment_is_renamed_in_the_tree(sampled, tree_of, name):
    [segment] = fit(sampled, name, algorithm=WARD, k=1)["segments"]
    sampled.patch(f"/v1/models/{name}/segments/{segment['segment']}", json={"name": "Everybody"})
    root = tree_of(name, depth=0)["tree"]
    assert (root["segment_name"], root["children"]) == ("Everybody", [])


def test_the_cut_into_one_segment_has_no_greatest_distance(sampled, tree_of, name):
    fit(sampled, name, algorithm=WARD, k=1)
    low, high = tree_of(name)["cut"]["distance_between"]
    assert (low > 0, high) == (True, None)


def test_k_means_has_no_tree(sampled):
    answer = sampled.get("/v1/models/sample/versions/1/tree")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-tree")


@pytest.mark.usefixtures("grown")
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"depth": -1}, 422),
        ({"depth": 21}, 422),
        ({"depth": "all"}, 422),
        ({"node": -1}, 422),
        ({"node": 399}, 404),
    ],
)
def test_nodes_outside_the_tree_are_refused(sampled, query, status):
    assert sampled.get("/v1/models/grown/versions/1/tree", params=query).status_code == status


@pytest.mark.parametrize(
    "path", ["nowhere/versions/1", "sample/versions/99", "sample/versions/challenger"]
)
def test_the_tree_of_an_absent_version_is_not_found(sampled, path):
    assert sampled.get(f"/v1/models/{path}/tree").status_code == 404
