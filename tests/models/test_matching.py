import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.matching import match_segments

pairs = st.lists(st.tuples(st.integers(-1, 5), st.integers(-1, 5)), min_size=1, max_size=60)


def columns(rows):
    before, after = np.array(rows).T
    return before, after


@given(pairs)
def test_every_segment_matches_itself(rows):
    labels, _ = columns(rows)
    assert match_segments(labels, labels) == {
        index: index for index in labels.tolist() if index >= 0
    }


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_customers_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert match_segments(*columns(rows)) == match_segments(*columns(shuffled))


@given(pairs, st.permutations(range(6)))
def test_renumbering_the_new_segments_renumbers_the_pairs(rows, numbers):
    before, after = columns(rows)
    renumbered = np.where(after >= 0, np.array(numbers)[after], -1)
    expected = {
        numbers[new]: old for new, old in match_segments(before, after, threshold=0.51).items()
    }
    assert match_segments(before, renumbered, threshold=0.51) == expected


@given(pairs, st.sampled_from([0.0, 0.1, 0.5]))
def test_no_old_segment_is_matched_twice(rows, threshold):
    matched = list(match_segments(*columns(rows), threshold=threshold).values())
    assert len(matched) == len(set(matched))


@given(pairs)
def test_pairs_share_a_customer_even_without_a_threshold(rows):
    matched = match_segments(*columns(rows), threshold=0.0)
    assert all((old, new) in rows for new, old in matched.items())


def test_a_split_segment_stays_with_its_larger_part():
    before = np.zeros(100, dtype=int)
    after = np.repeat([0, 1], [35, 65])
    assert match_segments(before, after) == {1: 0}


def test_two_merged_segments_continue_the_larger():
    before = np.repeat([0, 1], [65, 35])
    after = np.zeros(100, dtype=int)
    assert match_segments(before, after) == {0: 0}


def test_a_segment_of_other_customers_is_new():
    before = np.repeat([0, 1], 50)
    after = np.tile([0, 1], 50)
    assert match_segments(before, after) == {}


def test_a_pair_below_the_threshold_replaces_no_pair_above_it():
    shared = [(0, 0)] * 50 + [(0, 1)] * 30 + [(1, 0)] * 20
    assert match_segments(*columns(shared)) == {0: 0}


def test_customers_assigned_by_only_one_version_do_not_count():
    before = np.array([0, 0, -1, -1, -1, 1])
    after = np.array([4, 4, 4, 4, 4, -1])
    assert match_segments(before, after) == {4: 0}


def test_versions_without_common_customers_match_no_segments():
    assert match_segments(np.array([-1, 0]), np.array([0, -1])) == {}


def test_labels_of_different_customers_are_refused():
    with pytest.raises(ValueError, match="labels of 2 and of 3 customers"):
        match_segments(np.zeros(2, dtype=int), np.zeros(3, dtype=int))
