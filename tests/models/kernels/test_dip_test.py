import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from models.kernels.dip_test import QUANTILES, SIZES, TAILS, dip_p_value, dip_statistic

REPEATED = st.lists(st.integers(0, 9), min_size=1, max_size=12)
SPREAD = st.lists(st.floats(-100, 100, width=16), min_size=1, max_size=12)


def ascending(values):
    return np.sort(np.array(values, dtype=np.float64))


def dip_by_linear_programmes(x):
    values, heaps = np.unique(x, return_counts=True)
    least = min(distance_with_peak_at(place, values, heaps) for place in range(len(values)))
    return max(least, 0.5) / len(x)


def distance_with_peak_at(peak, values, heaps):
    """The unknowns: heights at the values, the peak's before and at it, the distance."""
    upper, lower = np.cumsum(heaps), np.cumsum(heaps) - heaps
    at = np.insert(values, peak, values[peak])
    most = np.concatenate([lower[: peak + 1], upper[peak : peak + 1], lower[peak + 1 :]])
    least = np.concatenate([upper[:peak], lower[peak : peak + 1], upper[peak:]])
    heights = np.eye(len(at))
    bends = [bend(at, first, +1) for first in range(peak - 1)]
    bends += [bend(at, first, -1) for first in range(peak + 1, len(at) - 2)]
    limits = np.vstack(
        [within(heights, -1), within(-heights, -1), within(heights[:-1] - heights[1:], 0), *bends]
    )
    bounds = np.concatenate([most, -least, np.zeros(len(limits) - 2 * len(at))])
    return linprog([*np.zeros(len(at)), 1], A_ub=limits, b_ub=bounds, bounds=(0, None)).fun


def within(rows, distance):
    return np.column_stack([rows, np.full(len(rows), distance)])


def bend(at, first, sign):
    row = np.zeros(len(at) + 1)
    left, right = np.diff(at[first : first + 3])
    row[first : first + 3] = -right, left + right, -left
    return sign * row


@given(REPEATED | SPREAD)
@settings(max_examples=60, deadline=None)
def test_the_dip_is_the_least_distance_to_any_function_with_one_peak(values):
    x = ascending(values)
    assert dip_statistic(x) == pytest.approx(dip_by_linear_programmes(x), abs=1e-6)


@given(REPEATED | SPREAD, st.sampled_from([-8.0, -1.0, 0.5, 4.0]), st.integers(-100, 100))
@settings(deadline=None)
def test_units_shifts_and_reflections_do_not_change_the_dip(values, unit, shift):
    x = np.round(ascending(values), 3)
    assert dip_statistic(ascending(x * unit + shift)) == pytest.approx(dip_statistic(x), abs=1e-9)


@given(SPREAD | REPEATED)
@settings(deadline=None)
def test_the_dip_lies_between_half_a_value_and_a_quarter(values):
    least = 0.5 / len(values)
    assert least <= dip_statistic(ascending(values)) <= max(least, 0.25)


@pytest.mark.parametrize("values", [[1], [1, 2], [1, 2, 9], [4, 4, 4, 4, 4]], ids=str)
def test_three_values_and_equal_values_have_the_least_dip(values):
    assert dip_statistic(ascending(values)) == 0.5 / len(values)


def test_the_dip_of_two_distant_clusters_approaches_a_quarter():
    rng = np.random.default_rng(0)
    assert dip_statistic(
        ascending([*rng.normal(0, 1, 500), *rng.normal(1e6, 1, 500)])
    ) == pytest.approx(0.25, abs=1e-4)


def test_equal_values_with_a_tail_are_unimodal():
    tail = np.random.default_rng(0).exponential(size=200)
    assert dip_p_value(dip_statistic(ascending([*np.zeros(800), *tail])), 1000) > 0.5


def test_a_bimodal_sample_is_significant_and_a_unimodal_one_is_not():
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 1, 300), rng.normal(5, 1, 300)
    assert dip_p_value(dip_statistic(ascending(one)), 300) > 0.05
    assert dip_p_value(dip_statistic(ascending([*one, *other])), 600) == pytest.approx(0.001)


@pytest.mark.parametrize("n", [10, 70, 1000])
@pytest.mark.parametrize("level", [0.5, 0.1])
def test_p_values_of_uniform_samples_are_uniform(n, level):
    rng = np.random.default_rng(n)
    found = [dip_p_value(dip_statistic(np.sort(rng.random(n))), n) < level for _ in range(400)]
    assert np.mean(found) == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 400))


def test_at_a_quantile_of_the_table_the_chance_is_its_tail():
    for n, quantiles in zip(SIZES, QUANTILES, strict=True):
        assert [dip_p_value(quantile / np.sqrt(n), n) for quantile in quantiles] == pytest.approx(
            TAILS
        )


@pytest.mark.parametrize("n", [1, 4, 15, 300, 10**6])
def test_a_greater_dip_is_never_more_likely(n):
    chances = [dip_p_value(distance, n) for distance in np.linspace(0.5 / n, 0.25, 200)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] == 1.0
