"""What can come of judging a column."""

from dataclasses import replace
from typing import NamedTuple

from models import cells
from models.exploration.evidence import Numbers, Texts
from models.exploration.faults import Faults, by_rule
from models.exploration.kinds import Column, Kind
from models.exploration.sentinels import suspect_numbers
from models.features import MAX_CATEGORIES


class Judged(NamedTuple):
    """A column's description, and the sentences that its owner should read."""

    column: Column
    warnings: tuple[str, ...] = ()


def check_texts(evidence: Texts) -> None:
    """Refuse a column with a cell that is no text."""
    Faults.among(evidence.name, evidence.cells, evidence.texts.wrong, by_rule(cells.category)).refuse()


def too_many(evidence: Texts) -> str:
    """Say that a column has too many categories."""
    return f"has {evidence.distinct:,} different values, and at most {MAX_CATEGORIES} can be told apart"


def ignore(evidence: Numbers | Texts, reason: str, why: str) -> Judged:
    """Leave a column out, and say why."""
    warning = f"{evidence.name!r} is ignored: it {why}".removesuffix(".")
    return Judged(column_of(evidence, "ignored", reason=reason), (f"{warning}.",))


def column_of(evidence: Numbers | Texts, kind: Kind, reason: str | None = None) -> Column:
    """Describe a column as one of a kind."""
    return Column(name=evidence.name, kind=kind, missing=evidence.missing, distinct=evidence.distinct, reason=reason)


def numeric(evidence: Numbers) -> Judged:
    """Describe a column of numbers, and say how they were read and which may stand for a missing value."""
    column = replace(column_of(evidence, "numeric"), numerals=evidence.numerals, newest=evidence.newest)
    suspect = None if evidence.newest else suspect_numbers(evidence.name, evidence.known)
    return Judged(column, tuple(filter(None, (_how_written(evidence), suspect))))


def _how_written(evidence: Numbers) -> str | None:
    if evidence.numerals is None:
        return evidence.doubt and f"{evidence.name!r} is read as plain numbers. {evidence.doubt}"
    if evidence.newest is not None:
        said = f"{evidence.name!r} holds dates and is read as the days from each of them to the newest"
    elif evidence.numerals.endswith("%"):
        said = f"{evidence.name!r} holds percentages written like {evidence.numerals}: 45 % is read as 45"
    else:
        said = f"{evidence.name!r} is read as numbers written like {evidence.numerals}"
    return f"{said}. {evidence.doubt or ''}".rstrip()
