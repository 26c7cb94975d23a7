"""What a column is, by its header and its cells or as declared, and what its owner should know."""

from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.columns import dates
from models.columns.case_variants import suspect_spellings
from models.columns.category_codes import are_codes, codes_doubt, find_category_codes, hold_codes
from models.columns.column import Kind, Override
from models.columns.column_results import Judged, check_texts, column_of, ignore, numeric, too_many
from models.columns.column_stats import NumericColumn, TextColumn, parse_column, parse_texts
from models.columns.headers import is_key_header
from models.columns.key_columns import find_key, is_nearly_unique, key_doubt
from models.columns.layout_checks import is_data_number
from models.columns.missing_markers import MissingMarkers
from models.columns.numeric_dates import find_serial, serial_doubt
from models.columns.outcome_columns import is_segmentation, segmentation_doubt, suspect_outcome
from models.columns.override_hints import propose
from models.columns.overrides import declare_numeric, declare_text
from models.columns.sentinels import find_text_sentinels
from models.features import MAX_CATEGORIES

FREE_TEXT_DISTINCT: Final = 50
FREE_TEXT_SHARE: Final = 0.2
FREE_TEXT_LENGTH: Final = 50
MOST: Final = 0.9

_CODE: Final = r"^\S*[0-9@]\S*$"
_LETTERED_CODE: Final = r"^\s*[A-Za-z]{1,3}[-_]?[0-9]+\s*$"


def infer_column(column: pa.ChunkedArray, name: str, override: Override, *, decimal_comma: bool = False) -> Judged:
    """Decide what a column is.

    Parameters
    ----------
    column
        Text, int64 or float64, as it came.
    name
        Its header.
    override
        What is declared of it.
    decimal_comma
        Whether the numbers of other columns have decimal commas, which decides what a mark means that could be either.

    Returns
    -------
    Judged
        The declared kind; or numeric if every known cell is a number (whole numbers of only 0 and 1 are a category), an
        identifier if the cells are keys, or unique and look like ids, ignored if there is nothing to learn from, and
        otherwise categorical.

    Raises
    ------
    BadCells
        If a cell is neither a number nor a text, or no number where the column is declared numeric.
    """
    markers = MissingMarkers.of(override.missing or ())
    if override.kind == "numeric" or (override.kind is None and override.numerals is not None):
        judged = declare_numeric(column, name, markers, override.numerals)
    elif override.kind is not None:
        judged = declare_text(parse_texts(column, name, markers, fold_case=override.fold_case), override.kind)
    else:
        evidence = parse_column(column, name, markers, fold_case=override.fold_case, decimal_comma=decimal_comma)
        codes = are_codes(column, name) or (isinstance(evidence, NumericColumn) and hold_codes(evidence))
        texts = parse_texts(column, name, markers, fold_case=override.fold_case) if codes else evidence
        judged = _infer(texts, codes=codes)
    described = replace(judged.column, missing_markers=override.missing or (), fold_case=override.fold_case)
    return judged._replace(column=described)


def _infer(evidence: NumericColumn | TextColumn, *, codes: bool) -> Judged:
    if isinstance(evidence, TextColumn):
        check_texts(evidence)
    if evidence.distinct == 0:
        return ignore(evidence, "empty", "has no values")
    if evidence.distinct == 1:
        return ignore(evidence, "constant", "has the same value in every row")
    if is_segmentation(evidence):
        doubt = segmentation_doubt(evidence.name)
        return Judged(column_of(evidence, "ignored", reason="earlier segmentation")).asking(doubt)
    if isinstance(evidence, NumericColumn):
        judged = _infer_numbers(evidence)
        is_data = is_data_number(evidence.name, evidence.known[0], evidence.known[-1])
    else:
        judged = _judge_codes(evidence) if codes else _infer_texts(evidence)
        is_data = judged.column.kind == "categorical" and evidence.name.strip() in evidence.texts.values.to_pylist()
    return judged._replace(has_data_header=is_data)


def _infer_numbers(evidence: NumericColumn) -> Judged:
    if evidence.are_flags:
        return Judged(column_of(evidence, "categorical")).asking(suspect_outcome(evidence))
    if serial := find_serial(evidence.name, evidence.known):
        return Judged(column_of(evidence, "ignored", reason="date")).asking(serial_doubt(evidence.name, serial))
    if key := find_key(evidence):
        return Judged(column_of(evidence, "identifier", reason=key)).asking(key_doubt(evidence.name))
    return numeric(evidence).asking(find_category_codes(evidence.name, evidence.known), suspect_outcome(evidence))


def _judge_codes(evidence: TextColumn) -> Judged:
    """Decide what a column of digits is that are no amounts."""
    kind: Kind = "categorical"
    if is_nearly_unique(evidence):
        kind = "identifier"
    elif evidence.distinct > MAX_CATEGORIES or _is_free_text(evidence):
        kind = "ignored"
    reason = None if kind == "categorical" else "codes"
    return Judged(column_of(evidence, kind, reason=reason)).asking(codes_doubt(evidence.name, kind))


def _infer_texts(evidence: TextColumn) -> Judged:
    if is_nearly_unique(evidence) and is_key_header(evidence.name):
        return Judged(column_of(evidence, "identifier"))
    if dates.are_dates(evidence.texts.values):
        return ignore(evidence, "date", f"holds dates. {_days_wanted(evidence.name)}")
    judged = _infer_mixed(evidence) if _is_mixed(evidence) else _infer_words(evidence)
    return (
        judged
        if judged.column.kind == "identifier"
        else judged.asking(find_text_sentinels(evidence.name, evidence.cells))
    )


def _days_wanted(name: str) -> str:
    return f"To use the days from each to the newest, declare it numeric: {propose(name, kind='numeric')}"


def _infer_words(evidence: TextColumn) -> Judged:
    if is_nearly_unique(evidence) and _look_like_ids(evidence.texts.values):
        return Judged(column_of(evidence, "identifier"))
    return _judge_categories(evidence)


def _judge_categories(evidence: TextColumn) -> Judged:
    if _is_free_text(evidence):
        return ignore(evidence, "free text", "holds free text")
    if evidence.distinct > MAX_CATEGORIES:
        return ignore(evidence, "many categories", too_many(evidence))
    return Judged(column_of(evidence, "categorical")).asking(suspect_spellings(evidence), suspect_outcome(evidence))


def _infer_mixed(evidence: TextColumn) -> Judged:
    wrong = evidence.cells.rows(evidence.as_numbers.wrong)
    warning = (
        f"{evidence.name!r} is read as text: {wrong.size} of its {evidence.n_known} known cells are not numbers, the "
        f"first in row {wrong[0] + 1}. If they stand for a missing value, declare them as missing."
    )
    if _is_free_text(evidence):
        return Judged(column_of(evidence, "ignored", reason="nearly numeric")).asking(warning)
    return Judged(column_of(evidence, "categorical")).asking(warning)


def _look_like_ids(texts: pa.Array) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts.drop_null(), _CODE)).as_py())


def _is_mixed(evidence: TextColumn) -> bool:
    nearly = 0 < evidence.n_read(evidence.as_numbers) >= MOST * (evidence.n_known - evidence.n_sentinels)
    return nearly and not _are_letter_codes(evidence.cells.values.filter(pa.array(evidence.as_numbers.wrong)))


def _are_letter_codes(texts: pa.Array) -> bool:
    """Tell whether texts are numbers behind a letter or three, as of invoices that were cancelled."""
    return bool(pc.all(pc.match_substring_regex(texts, _LETTERED_CODE)).as_py())


def _is_free_text(evidence: TextColumn) -> bool:
    many = evidence.distinct > FREE_TEXT_DISTINCT and evidence.distinct > FREE_TEXT_SHARE * evidence.n_known
    return many or _mean_length(evidence) > FREE_TEXT_LENGTH


def _mean_length(evidence: TextColumn) -> float:
    lengths = pc.fill_null(pc.utf8_length(evidence.texts.values), 0).to_numpy()
    return float(np.dot(evidence.counts, lengths)) / evidence.n_known
