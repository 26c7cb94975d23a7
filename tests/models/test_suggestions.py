"""What one might do with a segment follows from what sets it apart."""

import subprocess
import sys

import pytest

from models.column_words import VOCABULARY
from models.suggestions import NOTHING, PROMPTS, TOGETHER, suggest

WORDS = {word for _, *pair in VOCABULARY for word in pair}


def difference(feature, effect, *, category=None, here=0.8):
    return {
        "feature": feature,
        "category": category,
        "here": here,
        "overall": 0.5,
        "effect": effect,
    }


def test_every_word_of_the_vocabulary_has_its_prompt():
    assert set(PROMPTS) == WORDS
    assert {word for pair in TOGETHER for word in pair} <= WORDS


@pytest.mark.parametrize(
    ("feature", "effect", "word"),
    [("Recency (days)", 1.0, "lapsed"), ("orders", -0.9, "rare buyers"), ("Age", -2.0, "younger")],
)
def test_a_known_business_column_is_described_in_business_words(feature, effect, word):
    assert suggest([difference(feature, effect)], [feature]) == [PROMPTS[word]]


def test_combined_differences_have_one_suggestion_that_comes_first():
    found = [difference("Income", 1.5), difference("Age", 1.0), difference("Spending", -1.2)]
    assert suggest(found, ["Income", "Age", "Spending"]) == [
        TOGETHER["high income", "low spending"],
        PROMPTS["older"],
    ]


def test_an_unknown_column_suggests_asking_the_customers():
    assert suggest([difference("zing_factor", -0.7)], ["zing_factor"]) == [
        "Their zing factor is lower than that of others: ask a few of them why."
    ]


def test_a_mostly_zero_column_is_described_by_its_nonzero_share():
    found = {
        **difference("CASH_ADVANCE", -0.9),
        "measure": "share_nonzero",
        "phrase": "low cash advance",
    }
    said = "Fewer of them than of others have any cash advance: ask a few of them why."
    assert suggest([found], ["CASH_ADVANCE"]) == [said]


def test_categories_that_most_have_are_named_and_others_are_not():
    common, rare = (
        difference("Plan", 1.0, category="gold"),
        difference("Age", 0.9, category="old", here=0.3),
    )
    [said] = suggest([common, rare], [])
    assert said.startswith("Most are gold (plan): ")


def test_weak_differences_have_no_suggestions():
    assert suggest([difference("Age", 0.3)], ["Age"]) == [NOTHING]


def test_three_are_enough():
    features = ["Age", "Income", "orders", "visits", "tenure"]
    assert len(suggest([difference(each, 1.0) for each in features], features)) == 3


def test_the_api_can_suggest_without_pandas():
    code = (
        "from service.system.import_guard import block_imports\n"
        "block_imports('pandas', 'scipy', 'sklearn')\n"
        "import models.suggestions"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603 - our own command


def test_the_phrase_of_a_profile_decides_the_meaning_of_a_number():
    spending = {**difference("PURCHASES", 1.0), "phrase": "high spending"}
    assert suggest([spending], ["PURCHASES"]) == [PROMPTS["high spending"]]


def test_columns_computed_from_transactions_suggest_together():
    columns = ["recency_days", "frequency", "monetary_value"]
    found = suggest([difference("recency_days", 1.5), difference("monetary_value", 1.2)], columns)
    assert found == [TOGETHER["lapsed", "high spending"]]
