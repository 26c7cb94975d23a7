"""Categories that differ only in capitals."""

from collections import Counter, defaultdict
from typing import Final

import pyarrow as pa

from models.columns.column_stats import TextColumn
from models.columns.override_hints import propose
from models.columns.sentinels import contains_sentinels

MAX_NAMED: Final = 10
FEWEST_SHARED: Final = 2


def suspect_spellings(evidence: TextColumn) -> str | None:
    """Name the categories that differ only in capitals, each by spellings that more than one row has.

    Parameters
    ----------
    evidence
        A column of categories.

    Returns
    -------
    str or None
        The sentence that its owner should read; None where there are no such categories.
    """
    alike = [spellings for spellings in _by_folded(evidence).values() if len(spellings) > 1]
    if not alike:
        return None
    named = [" and ".join(map(repr, shared)) for each in alike[:MAX_NAMED] if len(shared := _shared(each)) > 1]
    which = f": {', '.join(named)}" if named else ""
    return (
        f"{evidence.name!r} holds categories that differ only in capitals{which}. To read them as one, in lower case, "
        f"declare: {propose(evidence.name, fold_case=True)}"
    )


def _by_folded(evidence: TextColumn) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    words = ~contains_sentinels(evidence.texts.values)
    texts = evidence.texts.values.filter(pa.array(words)).to_pylist()
    for text, count in zip(texts, evidence.counts[words].tolist(), strict=True):
        if text is not None:
            found[text.lower()][text] += count
    return found


def _shared(spellings: Counter[str]) -> list[str]:
    return [text for text, count in spellings.most_common() if count >= FEWEST_SHARED]
