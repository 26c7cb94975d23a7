"""What a column is, by its header and its cells or as declared, and what its owner should know."""

import json
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.exploration import dates
from models.exploration.codes import suspect_codes
from models.exploration.declaring import declare_numeric, declare_text
from models.exploration.evidence import Numbers, Texts, weigh, weigh_texts
from models.exploration.headers import is_id_header
from models.exploration.judgements import Judged, check_texts, column_of, ignore, numeric, too_many
from models.exploration.kinds import Override
from models.exploration.markers import Markers
from models.exploration.sentinels import suspect_words
from models.features import MAX_CATEGORIES

FREE_TEXT_DISTINCT: Final = 50
FREE_TEXT_SHARE: Final = 0.2
FREE_TEXT_LENGTH: Final = 50
MOST: Final = 0.9

_CODE: Final = r"^\S*[0-9@]\S*$"
_LETTERED_CODE: Final = r"^\s*[A-Za-z]{1,3}[-_]?[0-9]+\s*$"


def judge(column: pa.ChunkedArray, name: str, override: Override) -> Judged:
    """Decide what a column is.

    Parameters
    ----------
    column
        Text, int64 or float64, as it came.
    name
        Its header.
    override
        What is declared of it.

    Returns
    -------
    Judged
        The declared kind; or numeric if every known cell is a number (whole numbers of only 0 and 1 are a category), an
        identifier if the cells are unique and look like ids, ignored if there is nothing to learn from, and otherwise
        categorical.

    Raises
    ------
    BadCells
        If a cell is neither a number nor a text, or no number where the column is declared numeric.
    """
    markers = Markers.of(override.missing or ())
    if override.kind is None:
        judged = _infer(weigh(column, name, markers))
    elif override.kind == "numeric":
        judged = declare_numeric(weigh(column, name, markers))
    else:
        judged = declare_text(weigh_texts(column, name, markers), override.kind)
    return judged._replace(column=replace(judged.column, missing_markers=override.missing or ()))


def _infer(evidence: Numbers | Texts) -> Judged:
    if isinstance(evidence, Texts):
        check_texts(evidence)
    if evidence.distinct == 0:
        return ignore(evidence, "empty", "has no values")
    if evidence.distinct == 1:
        return ignore(evidence, "constant", "has the same value in every row")
    return _judge_numbers(evidence) if isinstance(evidence, Numbers) else _judge_texts(evidence)


def _judge_numbers(evidence: Numbers) -> Judged:
    if evidence.are_flags:
        return Judged(column_of(evidence, "categorical"))
    if _names_every_row(evidence) and is_id_header(evidence.name):
        return Judged(column_of(evidence, "identifier"))
    return _with(numeric(evidence), suspect_codes(evidence.name, evidence.known))


def _judge_texts(evidence: Texts) -> Judged:
    if _names_every_row(evidence) and is_id_header(evidence.name):
        return Judged(column_of(evidence, "identifier"))
    if dates.are_dates(evidence.texts.values):
        return ignore(evidence, "date", f"holds dates. {_days_wanted(evidence.name)}")
    judged = _judge_nearly_numeric(evidence) if _is_nearly_numeric(evidence) else _judge_words(evidence)
    return judged if judged.column.kind == "identifier" else _with(judged, suspect_words(evidence.name, evidence.cells))


def _days_wanted(name: str) -> str:
    declared = json.dumps({"columns": {name: {"kind": "numeric"}}}, ensure_ascii=False)
    return f"To use the days from each to the newest, declare it numeric: {declared}"


def _with(judged: Judged, warning: str | None) -> Judged:
    return judged._replace(warnings=(*judged.warnings, warning)) if warning else judged


def _judge_words(evidence: Texts) -> Judged:
    if _names_every_row(evidence) and _are_codes(evidence.texts.values):
        return Judged(column_of(evidence, "identifier"))
    if _is_free_text(evidence):
        return ignore(evidence, "free text", "holds free text")
    if evidence.distinct > MAX_CATEGORIES:
        return ignore(evidence, "many categories", too_many(evidence))
    return Judged(column_of(evidence, "categorical"))


def _judge_nearly_numeric(evidence: Texts) -> Judged:
    wrong = evidence.cells.rows(evidence.as_numbers.wrong)
    warning = (
        f"{evidence.name!r} is read as text: {wrong.size} of its {evidence.n_known} known cells are not numbers, the "
        f"first in row {wrong[0] + 1}. If they stand for a missing value, declare them as missing."
    )
    if _is_free_text(evidence):
        return Judged(column_of(evidence, "ignored", reason="nearly numeric"), (warning,))
    return Judged(column_of(evidence, "categorical"), (warning,))


def _names_every_row(evidence: Numbers | Texts) -> bool:
    return evidence.missing == 0 and evidence.distinct == evidence.n_rows


def _are_codes(texts: pa.Array) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts.drop_null(), _CODE)).as_py())


def _is_nearly_numeric(evidence: Texts) -> bool:
    nearly = 0 < evidence.n_read(evidence.as_numbers) >= MOST * (evidence.n_known - evidence.n_suspect)
    return nearly and not _are_lettered_codes(evidence.cells.values.filter(pa.array(evidence.as_numbers.wrong)))


def _are_lettered_codes(texts: pa.Array) -> bool:
    """Tell whether texts are numbers behind a letter or three, as of invoices that were cancelled."""
    return bool(pc.all(pc.match_substring_regex(texts, _LETTERED_CODE)).as_py())


def _is_free_text(evidence: Texts) -> bool:
    many = evidence.distinct > FREE_TEXT_DISTINCT and evidence.distinct > FREE_TEXT_SHARE * evidence.n_known
    return many or _mean_length(evidence) > FREE_TEXT_LENGTH


def _mean_length(evidence: Texts) -> float:
    lengths = pc.fill_null(pc.utf8_length(evidence.texts.values), 0).to_numpy()
    return float(np.dot(evidence.counts, lengths)) / evidence.n_known
