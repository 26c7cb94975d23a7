"""The benchmark of choosing k asks what can be answered, of tables that no rule was fitted on."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from threadpoolctl import threadpool_limits

from bench.choosing.__main__ import main
from bench.choosing.cuts import Cuts
from bench.choosing.indices import INDICES, majority, votes
from bench.choosing.peers import PEERS
from bench.choosing.statistics import calibration_error, chance_of_no_difference, share
from bench.choosing.tables import (
    FAMILIES,
    Source,
    draw,
    features_of,
    fitting_sources,
    scoring_sources,
)

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="module")
def far_apart():
    points, _ = make_blobs(60, 3, centers=[[0, 0, 0], [20, 0, 0], [0, 20, 0]], random_state=0)
    return Cuts(points)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_table_has_its_declared_segments(family):
    truth = draw(Source(family=family, seed=1))
    assert len(truth.labels) == len(truth.table)
    assert (truth.k > 1) == Source(family=family, seed=1).is_structured
    assert np.array_equal(np.unique(truth.labels), np.arange(truth.k))


@pytest.mark.parametrize("family", ["strays", "shop_customers", "one_bell"])
def test_the_same_family_and_seed_give_the_same_table(family):
    first, second = (draw(Source(family=family, seed=2)) for _ in range(2))
    assert first.table.equals(second.table)
    assert np.array_equal(first.labels, second.labels)


def test_another_seed_gives_another_table():
    first, second = (draw(Source(family="one_bell", seed=seed)) for seed in (1, 2))
    assert not first.table.equals(second.table)


def test_no_table_is_both_fitted_on_and_scored():
    assert set(fitting_sources(1_000)).isdisjoint(scoring_sources(1_000))


def test_columns_are_declared_by_their_content():
    features = features_of(draw(Source(family="unrelated_category", seed=1)).table)
    assert {feature.kind for feature in features if feature.name.startswith("x")} == {"numeric"}
    assert {feature.kind for feature in features if not feature.name.startswith("x")} == {
        "categorical"
    }


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)
def test_every_peer_sees_three_segments_that_are_far_apart(peer, far_apart):
    assert peer(far_apart) == 3


def test_most_indices_see_three_segments_that_are_far_apart(far_apart):
    chosen = votes(far_apart)
    assert list(chosen.values()).count(3) > 0.7 * len(INDICES)


def test_indices_are_defined_where_columns_depend_on_each_other(far_apart):
    doubled = Cuts(np.column_stack([far_apart.points, far_apart.points]))
    assert votes(doubled)["Scott"] == votes(far_apart)["Scott"]


def test_of_two_numbers_with_as_many_votes_the_smaller_one_is_chosen():
    assert majority({"a": 5, "b": 3, "c": 3, "d": 5, "e": 2, "f": None}) == 3


def test_a_share_comes_with_its_interval():
    assert share([True] * 8 + [False] * 2) == ".800 (.490 to .943)"


def test_only_tables_with_different_outcomes_compare_two_methods():
    first = [True] * 10 + [True] * 5
    second = [True] * 10 + [False] * 5
    assert chance_of_no_difference(first, second) == pytest.approx(2 * 0.5**5)
    assert chance_of_no_difference(first, first) == 1


def test_a_probability_that_keeps_its_word_has_no_calibration_error():
    assert calibration_error([0.75] * 4, [True, True, True, False]) == pytest.approx(0)
    assert calibration_error([1.0] * 4, [True, True, True, False]) == pytest.approx(0.25)


def test_the_program_prints_how_often_each_is_right(capsys):
    main(["1", "--families", "strays", "one_box"])
    printed = capsys.readouterr().out
    assert "2 tables of 2 families; 0 could not be drawn." in printed
    assert all(f"\n| {name} | " in printed for name in ("this service", *PEERS))
    assert "\n| exact k | 2 tables | 1 with segments | 1 without: says 1 |\n" in printed
    assert "\n| strays | 1 | " in printed
    assert "(McNemar, exact)" in printed
