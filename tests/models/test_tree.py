"""Trees, and other cuts of them."""

import subprocess
import sys
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from models.algorithms import Hierarchical
from models.algorithms.hierarchical import FINE_GROUPS, Linkage
from models.errors import ArtifactFromAnotherRelease, CutTooFine, UnusableColumn
from models.features import Feature
from models.matching import match_nested_segments
from models.segmentation import cut, fit
from models.tree import Tree

pytestmark = pytest.mark.slow

FEATURES = [Feature(name="income", kind="numeric"), Feature(name="score", kind="numeric")]
LINKAGES = get_args(Linkage)
WITHOUT_SCIENCE = """
import sys
import models.tree
print(*{"pandas", "scipy", "sklearn"} & sys.modules.keys())
"""


def customers(n=240, seed=0):
    random = np.random.default_rng(seed)
    group = random.integers(0, 4, n)
    return pd.DataFrame(
        {"income": random.normal(30 * (group % 2), 4), "score": random.normal(30 * (group // 2), 4)}
    )


def cut_again(first, k, table=None):
    asked = {"pipeline": first.pipeline, "tree": first.tree, "k": k, "seed": first.seed}
    return cut(customers() if table is None else table, first.features, first.algorithm, **asked)


def branches(branch):
    yield branch
    for child in branch.children:
        yield from branches(child)


@pytest.fixture(scope="module", params=LINKAGES)
def first(request):
    return fit(customers(), FEATURES, Hierarchical(linkage=request.param), k=4, seed=0)


@pytest.fixture(scope="module")
def chain():
    """A tree in which each merge adds one customer to all before."""
    merges = [[i if i == 0 else 199 + i, i + 1, 1.0 + i, i + 2] for i in range(199)]
    return Tree(
        merges=np.array(merges, dtype=float),
        centers=np.zeros((200, 1)),
        sizes=np.ones(200, dtype=np.int64),
        agreements=np.ones(200),
        floor=0.0,
    )


@pytest.mark.parametrize("k", [1, 2, 3, 7, 40])
def test_another_cut_equals_a_fit_with_that_k(first, k):
    again, anew = cut_again(first, k), fit(customers(), FEATURES, first.algorithm, k=k, seed=0)
    assert (again.labels == anew.labels).all()
    assert again.scorer.to_bytes() == anew.scorer.to_bytes()
    assert again.metrics == pytest.approx(anew.metrics)
    assert again.tree.to_bytes() == anew.tree.to_bytes()


@pytest.mark.parametrize("k", [1, 2, 6, 30, 200])
def test_each_segment_of_the_finer_cut_lies_within_one_of_the_coarser(first, k):
    again = cut_again(first, k)
    assert len(set(zip(first.labels, again.labels, strict=True))) <= max(k, first.k)
    pairs = match_nested_segments(first.scorer.segment_of_center, again.scorer.segment_of_center)
    assert len(pairs) == max(k, first.k)


def test_the_pipeline_of_another_cut_predicts_its_segments(first):
    again = cut_again(first, 9)
    assert (again.pipeline.predict(customers()) == again.labels).all()


def test_a_cut_of_a_cut_is_a_cut_of_the_first_tree(first):
    assert (cut_again(cut_again(first, 2), 7).labels == cut_again(first, 7).labels).all()


def test_another_cut_assigns_new_customers(first):
    other = customers(seed=1)
    again = cut_again(first, 6, other)
    assert (again.pipeline.predict(other) == again.labels).all()
    assert again.tree.sizes.sum() == len(other)


def test_another_cut_keeps_the_tree_for_any_customers(first):
    again = cut_again(first, 6, customers(seed=1))
    assert (again.tree.merges == first.tree.merges).all()
    assert (again.tree.centers == first.tree.centers).all()


def test_a_table_without_a_feature_cannot_be_cut_again(first):
    with pytest.raises(UnusableColumn, match="there is no column 'score'"):
        cut_again(first, 2, customers().drop(columns="score"))


def test_a_tree_is_cut_into_no_more_segments_than_it_has_groups(first):
    assert cut_again(first, FINE_GROUPS).k == FINE_GROUPS
    with pytest.raises(
        CutTooFine, match="stored down to 200 groups: it cannot be cut into 201 segments"
    ):
        first.tree.cut(FINE_GROUPS + 1)


def test_a_tree_is_not_cut_below_where_it_is_kept(first):
    assert first.tree.count(first.tree.floor) == FINE_GROUPS
    with pytest.raises(CutTooFine, match="at a smaller distance"):
        first.tree.count(first.tree.floor * 0.999)


@pytest.mark.parametrize("k", [1, 2, 5, 199, 200])
def test_every_distance_in_the_reach_of_k_leaves_k_segments(first, k):
    low, high = first.tree.reach(k)
    inside = [low, np.nextafter(high, 0) if high else 1e9]
    assert [first.tree.count(distance) for distance in inside] == [k, k]


def test_the_reaches_of_all_k_follow_one_another(first):
    reaches = [first.tree.reach(k) for k in range(1, FINE_GROUPS + 1)]
    assert [low for low, _ in reaches[:-1]] == [high for _, high in reaches[1:]]


def test_a_height_selects_the_cut_of_that_distance(first):
    _, high = first.tree.reach(3)
    by_height = fit(
        customers(),
        FEATURES,
        replace(first.algorithm, distance=float(np.nextafter(high, 0))),
        k=None,
        seed=0,
    )
    assert (by_height.labels == cut_again(first, 3).labels).all()


@pytest.mark.parametrize("k", [1, 4, 50])
def test_the_roots_of_the_segments_hold_their_customers(first, k):
    again = cut_again(first, k)
    sizes = [again.tree.branch(root, depth=0).n_customers for root in again.tree.roots(k)]
    assert sizes == np.bincount(again.labels, minlength=k).tolist()


def test_a_node_holds_the_customers_of_its_children(first):
    for branch in branches(first.tree.branch(depth=300)):
        if branch.children:
            assert branch.n_customers == sum(child.n_customers for child in branch.children)
            assert branch.n_groups == sum(child.n_groups for child in branch.children)
            assert all((child.height or 0) <= branch.height for child in branch.children)


def test_a_whole_tree_shows_every_node_once(first):
    nodes = [branch.node for branch in branches(first.tree.branch(depth=300))]
    assert sorted(nodes) == list(range(first.tree.n_nodes))


@pytest.mark.parametrize("depth", [0, 1, 5, 198])
def test_a_chain_is_truncated_at_the_requested_depth(chain, depth):
    assert len(list(branches(chain.branch(depth=depth)))) == 1 + 2 * depth


def test_a_chain_is_as_deep_as_it_has_merges(chain):
    assert chain.depth() == 199


def test_agreements_are_shares_of_customers_assigned_as_in_the_tree(first):
    for k in (1, 2, 4, 17, 120):
        own = first.tree.cut(k)[first.learned.groups]
        assert first.tree.agreements[k - 1] == pytest.approx(
            np.mean(own == cut_again(first, k).labels)
        )


def test_the_tree_of_one_customer_is_a_leaf():
    alone = {
        "merges": np.empty((0, 4)),
        "centers": np.zeros((1, 1)),
        "sizes": np.ones(1, dtype=np.int64),
    }
    tree = Tree(**alone, agreements=np.ones(1), floor=0.0)
    assert (tree.branch(depth=5).node, tree.depth(), tree.reach(1), tree.roots(1)) == (
        0,
        0,
        (0.0, None),
        [0],
    )


def test_a_tree_is_read_back_bit_for_bit(first):
    again = Tree.from_bytes(first.tree.to_bytes())
    assert all(
        np.array_equal(getattr(again, name), getattr(first.tree, name)) for name in vars(again)
    )


def test_a_tree_of_another_format_is_refused():
    with pytest.raises(ArtifactFromAnotherRelease):
        Tree.from_bytes(b'{"format": 99}')


def test_a_tree_is_read_without_training_libraries():
    ran = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", WITHOUT_SCIENCE], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == ""
