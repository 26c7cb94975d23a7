"""The sentences on what sets a segment apart."""

import pytest

from models.differences import describe_difference


def difference(here, overall, **others):
    return {
        "feature": "visits",
        "category": None,
        "here": here,
        "overall": overall,
        "effect": 1.0,
        **others,
    }


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (difference(12, 9, measure="median"), "visits: typically 12, above the 9 of all"),
        (difference(3, 9, measure="median"), "visits: typically 3, below the 9 of all"),
        (difference(1.5, 1.25, measure="mean"), "visits: on average 1.5, above the 1.25 of all"),
        (difference(0.05, 0.46, measure="share_nonzero"), "visits: 5 % have any, 46 % of all"),
        (
            difference(0.8, 0.5, measure="share", category="web"),
            "80 % are web (visits), 50 % of all",
        ),
    ],
)
def test_each_measure_has_its_sentence(found, sentence):
    assert describe_difference(found) == sentence


def test_numbers_that_read_alike_are_not_compared():
    assert (
        describe_difference(difference(1000.4, 1000.3, measure="median"))
        == "visits: more than most"
    )


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (difference(12, 9), "visits: typically 12, above the 9 of all"),
        (difference(0, 0), "visits: more than most"),
        (difference(0.8, 0.5, category="web"), "80 % are web (visits), 50 % of all"),
    ],
    ids=["medians", "equal medians", "shares"],
)
def test_a_difference_that_an_earlier_release_stored_has_a_sentence(found, sentence):
    assert describe_difference(found) == sentence
