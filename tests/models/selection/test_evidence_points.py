"""Continuous stand-ins of discrete columns, and directions of many columns."""

import numpy as np
import pandas as pd
import pytest

from models.criteria.base import Verdict, restrict
from models.features import Feature
from models.kernels.dip_test import dip_p_value, dip_statistic
from models.selection.dequantization import (
    continuous_amount,
    find_atom,
    spread_atom,
    spread_categories,
)
from models.selection.evidence_points import PreparedColumn, evidence_points
from models.selection.k_probabilities import discount_replication
from models.selection.levels import are_levels
from models.selection.subspace import MAX_COORDINATES, informative_coordinates


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def is_unimodal(x):
    return dip_p_value(dip_statistic(np.sort(x)), len(x)) > 0.1


@pytest.mark.parametrize("draw", ["integers", "poisson"])
def test_whole_numbers_become_unimodal_and_keep_their_floor(rng, draw):
    values = getattr(rng, draw)(2, size=1_000).astype(float)
    amount = continuous_amount(values, rng)
    assert is_unimodal(amount)
    assert np.array_equal(np.floor(amount), values)


def test_values_without_ties_stay(rng):
    values = rng.normal(size=200)
    assert np.array_equal(continuous_amount(values, rng), values)


def test_a_gap_between_whole_numbers_stays(rng):
    values = np.repeat([1.0, 2.0, 20.0, 21.0], 50)
    amount = continuous_amount(values, rng)
    assert not ((amount > 3) & (amount < 20)).any()


def test_missing_values_are_drawn_from_the_known_ones(rng):
    values = np.append(rng.normal(size=200), np.full(100, np.nan))
    amount = continuous_amount(values, rng)
    assert np.isin(amount[200:], values[:200]).all()
    assert len(np.unique(amount[200:])) > 50


def test_a_column_of_missing_values_is_constant(rng):
    assert not continuous_amount(np.full(5, np.nan), rng).any()


def test_columns_that_are_constant_among_the_customers_leave_their_prepared_points(rng):
    feature, block = Feature(name="x", kind="numeric", log=False), np.ones((20, 1))
    column = PreparedColumn(feature=feature, cells=pd.Series(np.full(20, np.nan)), block=block)
    assert np.array_equal(evidence_points([column], rng), block)


def test_frequent_zeros_are_an_atom_and_neither_flags_nor_counts_have_one(rng):
    amounts = np.append(np.zeros(100), rng.lognormal(size=200))
    assert find_atom(amounts) == 0
    assert np.isnan(find_atom(np.repeat([0.0, 1.0], [190, 10])))
    assert np.isnan(find_atom(rng.poisson(1.0, size=300).astype(float)))


def test_an_atom_is_spread_beside_the_amounts_without_a_gap(rng):
    at_atom = np.arange(2_000) < 1_000
    spread = spread_atom(rng.normal(size=2_000), at_atom, below=True, rng=rng)
    low, high = np.quantile(spread[at_atom], [0, 1])
    assert (low, high) == pytest.approx((-3 * 3**0.5, -(3**0.5)), abs=0.2)


@pytest.mark.parametrize("m", [2, 3, 6])
def test_equally_frequent_categories_fill_their_simplex_evenly(rng, m):
    spread = spread_categories(rng.integers(m, size=3_000), m, rng)
    assert spread.shape == (3_000, m - 1)
    assert all(is_unimodal(spread @ direction) for direction in rng.normal(size=(10, m - 1)))


def test_few_columns_are_not_projected(rng):
    points = rng.normal(size=(100, MAX_COORDINATES))
    assert informative_coordinates(points, rng) is points


def test_segments_in_a_third_of_many_columns_stay_apart_in_few_coordinates(rng):
    labels = np.repeat(np.arange(3), 100)
    centers = rng.normal(size=(3, 60)) * 1.5 * (np.arange(60) < 20)
    coordinates = informative_coordinates(centers[labels] + rng.normal(size=(300, 60)), rng)
    means = np.array([coordinates[labels == i].mean(axis=0) for i in range(3)])
    nearest = np.linalg.norm(coordinates[:, None] - means, axis=2).argmin(axis=1)
    assert coordinates.shape[1] == 2
    assert np.mean(nearest == labels) > 0.99


def test_a_multimodal_column_stays_beside_the_components(rng):
    points = rng.normal(size=(300, 30))
    points[:150, 7] += 8
    coordinates = informative_coordinates(points, rng)
    own = np.abs(np.corrcoef(coordinates.T, points[:, 7])[-1, :-1])
    assert own.max() > 0.999


def test_segments_that_do_not_replicate_are_doubted():
    before = {1: 0.02, 2: 0.03, 9: 0.95}
    after = discount_replication(before, 9, 0.4)
    assert after == pytest.approx({1: 0.59, 2: 0.03, 9: 0.38})
    assert discount_replication(before, 9, 0.7) == before
    assert discount_replication(before, 9, None) == before


def test_divided_segments_are_levels_and_one_more_segment_is_none():
    fine = np.repeat(np.arange(6), 10)
    assert are_levels(fine // 2, fine)
    assert not are_levels(np.minimum(fine, 4), fine)
    assert not are_levels(np.arange(60) % 3, fine)


@pytest.mark.parametrize(
    ("k", "scores", "expected"),
    [(2, {2: 0.9, 3: 0.5, 4: 0.1}, 2), (4, {2: 0.5, 3: 0.6, 4: 0.7}, 3), (4, {2: 0.9, 4: 0.8}, 3)],
    ids=["within", "the best", "a threshold"],
)
def test_a_verdict_is_restricted_to_the_numbers_allowed(k, scores, expected):
    verdict = Verdict(criterion="dip", k=k, scores=scores, higher_is_better=True, errors=scores)
    restricted = restrict(verdict, 3)
    assert restricted.k == expected
    assert max(restricted.scores) == max(restricted.errors) <= 3
