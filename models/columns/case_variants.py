"""Warnings about categories that differ only in case."""

from collections import Counter, defaultdict
from typing import Final

import pyarrow as pa

from models.columns.column_stats import TextColumn
from models.columns.override_hints import override_json
from models.columns.sentinels import contains_sentinels

MAX_NAMED: Final = 10
MIN_ROWS: Final = 2


def case_variants_warning(evidence: TextColumn) -> str | None:
    """Warn of categories that differ only in case, naming the spellings that more than one row has.

    Parameters
    ----------
    evidence
        A column of categories.

    Returns
    -------
    str or None
        The warning; None without such categories.
    """
    variants = [
        spellings for spellings in _group_by_lower_case(evidence).values() if len(spellings) > 1
    ]
    if not variants:
        return None
    named = []
    for spellings in variants[:MAX_NAMED]:
        frequent = [text for text, count in spellings.most_common() if count >= MIN_ROWS]
        if len(frequent) > 1:
            named.append(" and ".join(map(repr, frequent)))
    which = f": {', '.join(named)}" if named else ""
    return (
        f"{evidence.name!r} holds categories that differ only in capitals{which}. To read them as "
        f"one, in lower case, declare: {override_json(evidence.name, fold_case=True)}"
    )


def _group_by_lower_case(evidence: TextColumn) -> dict[str, Counter[str]]:
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    words = ~contains_sentinels(evidence.texts.values)
    texts = evidence.texts.values.filter(pa.array(words)).to_pylist()
    for text, count in zip(texts, evidence.counts[words].tolist(), strict=True):
        if text is not None:
            groups[text.lower()][text] += count
    return groups
