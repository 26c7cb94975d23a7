"""Names of segments, built from their strongest differences."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from models.column_words import cut, label
from models.features import Feature
from models.profiling.effect_sizes import Difference

STRONG = 0.5  # "medium" in Cohen (1988); a weaker difference only serves to tell two segments apart
MAX_LENGTH = 60
MAX_CATEGORY = 28
MAJORITY = 0.5
MIN_WORD_LENGTH = 3
BARE = frozenset(
    {"yes", "no", "true", "false", "other", "unknown", "none", "high", "low", "medium"}
)


def name_segments(
    differences: Sequence[Sequence[Difference]],
    features: Sequence[Feature],
    *,
    sizes: Sequence[int],
) -> list[str]:
    """Name each segment by its strongest differences; no two names are the same.

    Parameters
    ----------
    differences : sequence of sequences of Difference
        For each segment, strongest first; those of numbers with their phrases.
    features : sequence of Feature
        Their order is the order of the words in a name.
    sizes : sequence of int
        The customers in each segment.

    Returns
    -------
    list of str
        About 60 characters at most: two differences, a third where that makes the name unique, else
        a number.
    """
    order = {feature.name: position for position, feature in enumerate(features)}
    short = [_name(found, order, extra=0) for found in differences]
    longer = [_name(found, order, extra=1) for found in differences]
    names = []
    for plain, long, size in zip(short, longer, sizes, strict=True):
        needs_longer = short.count(plain) > 1 and longer.count(long) == 1
        name = long if needs_longer else plain
        names.append(_by_size(size, sum(sizes)) or name)
    return _add_numbers(names)


def _name(found: Sequence[Difference], order: Mapping[str, int], *, extra: int) -> str:
    strong = sum(abs(difference.effect) >= STRONG for difference in found)
    telling = found[: min(strong, 2) + extra]
    while len(telling) > 1 and len(_joined(telling, order)) > MAX_LENGTH:
        telling = telling[:-1]
    return cut(_joined(telling, order), MAX_LENGTH) or "average customers"


def _joined(telling: Sequence[Difference], order: Mapping[str, int]) -> str:
    return ", ".join(
        _phrase(each) for each in sorted(telling, key=lambda each: order[each.feature])
    )


def _phrase(difference: Difference) -> str:
    if difference.category is not None:
        return f"{_how_many(difference)} {_group(difference.feature, difference.category)}"
    phrase = difference.phrase or difference.feature
    return phrase if abs(difference.effect) >= STRONG else f"somewhat {phrase}"


def _how_many(difference: Difference) -> str:
    if difference.effect < 0:
        return "fewer" if difference.here > 0 else "no"
    return "mostly" if difference.here > MAJORITY else "more"


def _group(feature: str, category: str) -> str:
    """Return the words for a category: with the feature if it means nothing alone ("yes", "2")."""
    is_clear = (
        len(category) >= MIN_WORD_LENGTH
        and category.lower() not in BARE
        and not category.isnumeric()
    )
    return cut(category if is_clear else f"{label(feature)}: {category}", MAX_CATEGORY)


def _by_size(size: int, total: int) -> str | None:
    if size == 0:
        return "no customers"
    return "all customers" if size == total else None


def _add_numbers(names: Iterable[str]) -> list[str]:
    """Make names unique: the second of two equal names gets a 2."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return numbered
