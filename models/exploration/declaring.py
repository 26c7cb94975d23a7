"""A column as it is declared to be."""

from typing import Final

from models.exploration import dates
from models.exploration.arrow import Reading
from models.exploration.evidence import Numbers, Texts
from models.exploration.faults import BadCells, Faults
from models.exploration.judgements import Judged, check_texts, column_of, numeric, too_many
from models.exploration.kinds import Kind
from models.features import MAX_CATEGORIES

NOT_NUMERIC: Final = (
    "{n} cells of {column!r} cannot be read, though it is declared numeric. Declare as missing what stands for a "
    "missing value, or declare another kind."
)


def declare_numeric(evidence: Numbers | Texts) -> Judged:
    """Take a column for numbers: dates become the days from each to the newest, and anything else is refused."""
    if isinstance(evidence, Numbers):
        return numeric(evidence)
    check_texts(evidence)
    order, doubt = dates.find_order(evidence.cells.values)
    days = dates.read_days(evidence.cells.values, order)
    if evidence.n_read(days) <= evidence.n_read(evidence.as_numbers):
        raise _refused(evidence, evidence.as_numbers, "is not a number")
    if days.wrong.any():
        advice = f" Dates are read as in {dates.EXAMPLES}."
        raise _refused(evidence, days, f"is not a date written like {order}", advice)
    newest = dates.newest_day(days.values)
    values = evidence.cells.spread(dates.days_before(newest, days.values))
    return numeric(Numbers(name=evidence.name, values=values, numerals=order, newest=newest, doubt=doubt))


def declare_text(evidence: Texts, kind: Kind) -> Judged:
    """Take a column for categories, for ids, or for nothing to learn from."""
    check_texts(evidence)
    column = column_of(evidence, kind, reason="declared" if kind == "ignored" else None)
    if kind != "categorical" or evidence.distinct <= MAX_CATEGORIES:
        return Judged(column)
    return Judged(column, (f"{evidence.name!r} {too_many(evidence)}: a model cannot use it.",))


def _refused(evidence: Texts, read: Reading, fault: str, advice: str = "") -> BadCells:
    return Faults.among(evidence.name, evidence.cells, read.wrong, lambda _: fault).error(NOT_NUMERIC + advice)
