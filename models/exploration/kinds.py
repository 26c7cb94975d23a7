"""What a column is by its header and its cells: a number, a category, an id, or nothing to learn from."""

import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from models.exploration.arrow import Distinct, Reading, categories, mask, n_distinct, numbers
from models.features import MAX_CATEGORIES

Kind = Literal["numeric", "categorical", "identifier", "ignored"]

FREE_TEXT_DISTINCT: Final = 50
FREE_TEXT_SHARE: Final = 0.2
FREE_TEXT_LENGTH: Final = 50
MOST: Final = 0.9
DATE_SAMPLE: Final = 1000

# The most telling first.
ID_HEADERS: Final = (
    *("customerid", "customernumber", "customerno", "custid", "clientid", "userid", "memberid", "accountid"),
    *("contactid", "personid", "customer", "id", "uuid", "guid"),
)
_ID_ENDING = re.compile(r"(?:^|[\W_])(?:id|uuid|guid)$|(?-i:[a-z0-9]I[Dd]$)", re.IGNORECASE)
_CODE: Final = r"^\S*[0-9@]\S*$"

_DAY: Final = "(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH: Final = "(?:0?[1-9]|1[0-2])"
_MONTH_NAME: Final = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_YEAR: Final = "(?:1[89]|2[01])[0-9]{2}"
_ZONE: Final = "(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
_TIME: Final = f"(?:[T ]+[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)?(?: ?[AaPp][Mm])?{_ZONE})?"
_DATES: Final = (
    f"{_YEAR}[-/.]{_MONTH}(?:[-/.]{_DAY})?",
    f"{_DAY}[-/.]{_DAY}[-/.](?:{_YEAR}|[0-9]{{2}})",
    rf"{_DAY}\.?[ -]{_MONTH_NAME}\.?[ ,-]+{_YEAR}",
    rf"{_MONTH_NAME}\.? {_DAY},? {_YEAR}",
)
_DATE: Final = f"^ *(?:{'|'.join(_DATES)}){_TIME} *$"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column as it will be read; `reason` says why an ignored one is ignored."""

    name: str
    kind: Kind
    missing: int
    distinct: int
    reason: str | None = None


class Judged(NamedTuple):
    """A column's description, and the sentence that its owner should read, if any."""

    column: Column
    warning: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Evidence:
    cells: Distinct
    as_numbers: Reading
    known: pa.Array
    missing: int
    distinct: int

    @property
    def name(self) -> str:
        return self.cells.name

    @property
    def is_numeric(self) -> bool:
        return not self.as_numbers.wrong.any()

    @property
    def names_every_row(self) -> bool:
        return self.missing == 0 and self.distinct == self.cells.n_rows


def judge(cells: Distinct) -> Judged:
    """Decide what a column is.

    Parameters
    ----------
    cells
        The column as it came; a cell that is neither a number nor a text counts as missing.

    Returns
    -------
    Judged
        Numeric if every known cell is a number (whole numbers of only 0 and 1 are a category), an identifier if the
        cells are unique and look like ids, ignored if there is nothing to learn from. Anything else is categorical.
    """
    evidence = _weigh(cells)
    if evidence.distinct == 0:
        return _ignored(evidence, "empty", "has no values")
    if evidence.distinct == 1:
        return _ignored(evidence, "constant", "has the same value in every row")
    return _judge_numbers(evidence) if evidence.is_numeric else _judge_texts(evidence)


def id_rank(header: str) -> int | None:
    """Rank how plainly a header says customer id, 0 first; None if it does not."""
    plain = re.sub(r"[\W_]", "", header).lower()
    return ID_HEADERS.index(plain) if plain in ID_HEADERS else None


def _weigh(cells: Distinct) -> _Evidence:
    as_numbers = numbers(cells.values)
    known = categories(cells.values).values if as_numbers.wrong.any() else as_numbers.values
    n_known = int(cells.counts()[mask(known.is_valid())].sum())
    missing = cells.n_rows - n_known
    return _Evidence(
        cells=cells, as_numbers=as_numbers, known=known, missing=missing, distinct=n_distinct(cells, known)
    )


def _judge_numbers(evidence: _Evidence) -> Judged:
    if pc.all(pc.is_in(evidence.known.drop_null(), pa.array([0.0, 1.0]))).as_py():
        return Judged(_column(evidence, "categorical"))
    is_id = evidence.names_every_row and _is_id_header(evidence.name)
    return Judged(_column(evidence, "identifier" if is_id else "numeric"))


def _judge_texts(evidence: _Evidence) -> Judged:
    if evidence.names_every_row and _is_id_header(evidence.name):
        return Judged(_column(evidence, "identifier"))
    if _are_dates(evidence.known):
        return _ignored(evidence, "date", "holds dates")
    if _is_nearly_numeric(evidence):
        return _judge_nearly_numeric(evidence)
    return _judge_words(evidence)


def _judge_words(evidence: _Evidence) -> Judged:
    if evidence.names_every_row and _are_codes(evidence.known):
        return Judged(_column(evidence, "identifier"))
    if _is_free_text(evidence):
        return _ignored(evidence, "free text", "holds free text")
    if evidence.distinct > MAX_CATEGORIES:
        why = f"has {evidence.distinct:,} different values, and at most {MAX_CATEGORIES} can be told apart"
        return _ignored(evidence, "many categories", why)
    return Judged(_column(evidence, "categorical"))


def _judge_nearly_numeric(evidence: _Evidence) -> Judged:
    wrong, n_known = evidence.cells.rows(evidence.as_numbers.wrong), evidence.cells.n_rows - evidence.missing
    warning = (
        f"{evidence.name!r} is read as text: {wrong.size} of its {n_known} known cells are not numbers, the first in "
        f"row {wrong[0] + 1}. If they stand for a missing value, declare them as missing."
    )
    if _is_free_text(evidence):
        return Judged(_column(evidence, "ignored", reason="nearly numeric"), warning)
    return Judged(_column(evidence, "categorical"), warning)


def _ignored(evidence: _Evidence, reason: str, why: str) -> Judged:
    return Judged(_column(evidence, "ignored", reason=reason), f"{evidence.name!r} is ignored: it {why}.")


def _column(evidence: _Evidence, kind: Kind, reason: str | None = None) -> Column:
    return Column(name=evidence.name, kind=kind, missing=evidence.missing, distinct=evidence.distinct, reason=reason)


def _is_id_header(header: str) -> bool:
    return id_rank(header) is not None or _ID_ENDING.search(header) is not None


def _are_codes(texts: pa.Array) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts.drop_null(), _CODE)).as_py())


def _are_dates(texts: pa.Array) -> bool:
    sample = texts.drop_null()[:DATE_SAMPLE]
    return bool(mask(pc.match_substring_regex(sample, _DATE)).mean() >= MOST)


def _is_nearly_numeric(evidence: _Evidence) -> bool:
    counts = evidence.cells.counts()
    n_numbers = counts[mask(evidence.as_numbers.values.is_valid())].sum()
    return bool(n_numbers >= MOST * (n_numbers + counts[evidence.as_numbers.wrong].sum()))


def _is_free_text(evidence: _Evidence) -> bool:
    n_known = evidence.cells.n_rows - evidence.missing
    many = evidence.distinct > FREE_TEXT_DISTINCT and evidence.distinct > FREE_TEXT_SHARE * n_known
    return many or _mean_length(evidence) > FREE_TEXT_LENGTH


def _mean_length(evidence: _Evidence) -> float:
    lengths = pc.fill_null(pc.utf8_length(evidence.known), 0).to_numpy()
    return float(evidence.cells.counts() @ lengths) / (evidence.cells.n_rows - evidence.missing)
