"""What people call low and high values of a column, read from its header."""

import re
from collections import Counter
from collections.abc import Sequence

MAX_PHRASE = 28

Words = tuple[str, str]  # for low, and for high values

VOCABULARY = (
    ("age", "younger", "older"),
    ("birth|birth year|born", "older", "younger"),
    ("income|salary|earnings|wage|wages", "low income", "high income"),
    (
        "spending|spend|spent|spending score|amount spent|expenses|monetary|revenue|sales",
        "low spending",
        "high spending",
    ),
    ("recency|since last purchase|since last order", "recent", "lapsed"),
    ("frequency|purchase frequency|orders|order count|purchases|purchase count", "rare buyers", "frequent buyers"),
    ("visits|sessions|logins", "rare visitors", "frequent visitors"),
    ("order value|basket|basket size|basket value", "small baskets", "large baskets"),
    ("tenure|account age|since signup|since registration", "new", "long-standing"),
)
BUSINESS: dict[frozenset[str], Words] = {
    frozenset(header.split()): (low, high) for headers, low, high in VOCABULARY for header in headers.split("|")
}
UNTOLD = frozenset(
    (
        "annual",
        "average",
        "avg",
        "customer",
        "days",
        "mean",
        "monthly",
        "months",
        "number",
        "num",
        "of",
        "total",
        "year",
        "yearly",
        "years",
    )
)
COUNTED = re.compile(r"^(?:number of|num|no of|count of) ")


def numeric_words(headers: Sequence[str]) -> dict[str, Words]:
    """Return the words for each header: business words if no two headers share them, else ever more of the header."""
    words: dict[str, Words] = {}
    for wording in (_business, _plain, _verbatim):
        proposed = {header: wording(header) for header in headers if header not in words}
        times = Counter(proposed.values())
        words |= {header: pair for header, pair in proposed.items() if times[pair] == 1}
    return words


def label(header: str) -> str:
    """Return a header as people would say it: no units in brackets, no underscores, no capitals but acronyms."""
    words = _split(header)
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words) or header


def cut(text: str, length: int = MAX_PHRASE) -> str:
    """Return the text, shortened if it is too long for a name."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _business(header: str) -> Words:
    meant = frozenset(word.lower() for word in _split(header))
    return BUSINESS.get(meant) or BUSINESS.get(meant - UNTOLD) or _plain(header)


def _plain(header: str) -> Words:
    name = label(header)
    things = COUNTED.sub("", name)
    few, many = ("few", "many") if things != name else ("low", "high")
    return cut(f"{few} {things}"), cut(f"{many} {things}")


def _verbatim(header: str) -> Words:
    return f"low {header}", f"high {header}"


def _split(header: str) -> list[str]:
    told = _without(_without(header, "(", ")"), "[", "]")
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", told).split()


def _without(header: str, opening: str, closing: str) -> str:
    """Return a header without its brackets and the text in them; each ends at the first that closes it."""
    *closed, rest = header.split(closing)
    return " ".join([*(part.partition(opening)[0] for part in closed), rest])
