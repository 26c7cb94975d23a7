"""Marketing suggestions for a segment: prompts derived from its differences, not findings."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.column_words import Words, label, numeric_words

MAX_SUGGESTIONS: Final = 3
STRONG: Final = 0.5  # "medium" in Cohen (1988)
MAJORITY: Final = 0.5

# By what `models.column_words` says of low and of high values.
PROMPTS: Final = {
    "lapsed": "It has been long since they last bought: give some of them a reason to come back.",
    "recent buyers": "They bought lately: thank them, and show what goes with it.",
    "rare buyers": "They buy seldom: ask what a next purchase depends on, and remind them when it "
    "is due.",
    "frequent buyers": "They buy often: make that easy, and ask what they would miss.",
    "rare visitors": "They come seldom: see what brings them, and offer more of that.",
    "frequent visitors": "They come often: put what is new where they will see it.",
    "low spending": "They spend less than others: see whether what they look for is there, before "
    "cutting prices.",
    "high spending": "They spend more than others: look after them first where service or stock is "
    "short.",
    "small baskets": "Their baskets are small: suggest what goes together.",
    "large baskets": "Their baskets are large: see that delivery and returns suit large orders.",
    "short gaps between orders": "They order again soon: show them what is new before they look "
    "for it.",
    "long gaps between orders": "They order again late: ask what they buy in between, and where.",
    "low income": "Their income is low: see that prices and sizes they can afford are easy to "
    "find.",
    "high income": "Their income is high: see that the better choices are easy to find.",
    "younger": "They are younger: see that pictures, words and channels speak to them.",
    "older": "They are older: see that pictures, words and channels speak to them.",
    "new": "They are new: show them around, and ask how it began.",
    "long-standing": "They have been customers for long: let them see that you know it.",
}
TOGETHER: Final = {
    (
        "high income",
        "low spending",
    ): "They could spend more than they do: ask a few of them what they buy elsewhere.",
    (
        "low income",
        "high spending",
    ): "They spend much for their income: offer good value rather than pressing for more.",
    (
        "lapsed",
        "high spending",
    ): "They spent much and have not been back for long: ask them first, and in person.",
    ("lapsed", "frequent buyers"): "They used to buy often and stopped: ask what has changed.",
}
Difference = Mapping[str, Any]

NOTHING: Final = (
    "Nothing sets them strongly apart: take them as what other segments are measured against."
)


def suggest(differences: Sequence[Difference], numeric: Sequence[str]) -> list[str]:
    """Suggest actions for a segment.

    Parameters
    ----------
    differences
        `feature`, `category`, `here`, `effect` and `phrase` of each, as a profile has them,
        strongest first.
    numeric
        The columns of numbers, whose headers decide on the phrases of profiles that an earlier
        release made.

    Returns
    -------
    list of str
        Three sentences at most.
    """
    words = numeric_words(numeric)
    strong = [each for each in differences if abs(each["effect"]) >= STRONG]
    phrases = [_join_text(each, words) for each in strong]
    together = [pair for pair in TOGETHER if set(pair) <= set(phrases)]
    paired = {word for pair in together for word in pair}
    alone = [
        _prompt(each, word)
        for each, word in zip(strong, phrases, strict=True)
        if word not in paired
    ]
    known = [
        *(TOGETHER[pair] for pair in together),
        *filter(None, [*alone, _of_categories(strong)]),
    ]
    return known[:MAX_SUGGESTIONS] or [NOTHING]


def _join_text(difference: Difference, words: Mapping[str, Words]) -> str:
    low, high = words.get(difference["feature"], ("", ""))
    return difference.get("phrase") or (high if difference["effect"] > 0 else low)


def _prompt(difference: Difference, word: str) -> str | None:
    if difference["category"] is not None:
        return None
    return PROMPTS.get(word) or f"{_comparison(difference)}: ask a few of them why."


def _comparison(difference: Difference) -> str:
    name, is_more = label(difference["feature"]), difference["effect"] > 0
    if difference.get("measure") == "share_nonzero":
        return f"{'More' if is_more else 'Fewer'} of them than of others have any {name}"
    return f"Their {name} is {'higher' if is_more else 'lower'} than that of others"


def _of_categories(differences: Sequence[Difference]) -> str | None:
    """Name the categories of most members; rare ones suggest little."""
    common = [
        each
        for each in differences
        if each["category"] and each["here"] > MAJORITY and each["effect"] > 0
    ]
    names = " and ".join(f"{each['category']} ({label(each['feature'])})" for each in common)
    return f"Most are {names}: see that offers, words and places suit that." if names else None
