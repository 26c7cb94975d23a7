"""How two ways to segment the same customers agree."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix

from models.contingency import adjusted_rand_index, contingency


def two_ways(seed, n=80, k=5):
    random = np.random.default_rng(seed)
    one, other = random.integers(0, k, size=(2, n))
    return one, np.where(random.random(n) < seed / 5, one, other)


@pytest.mark.parametrize("seed", range(6))
def test_agreement_is_that_of_scikit_learn(seed):
    one, other = two_ways(seed)
    found = adjusted_rand_index(contingency(one, other, shape=(5, 7)))
    assert found == pytest.approx(adjusted_rand_score(one, other))


def test_each_customer_is_counted_once_where_both_ways_meet():
    one, other = two_ways(2)
    np.testing.assert_array_equal(
        contingency(one, other, shape=(5, 5)), contingency_matrix(one, other)
    )


def test_agreement_does_not_depend_on_labels():
    one, other = two_ways(1)
    renamed = np.array([3, 1, 4, 0, 2])[other]
    assert adjusted_rand_index(contingency(one, renamed, shape=(5, 5))) == adjusted_rand_index(
        contingency(one, other, shape=(5, 5))
    )


@pytest.mark.parametrize("counts", [[[0]], [[1]], [[9]], [[4, 0], [0, 5]]])
def test_ways_that_cannot_differ_agree(counts):
    assert adjusted_rand_index(np.array(counts)) == 1.0


def test_a_billion_customers_are_not_too_many():
    assert adjusted_rand_index(np.diag([10**9, 10**9])) == 1.0
