"""Kind inference: the kind of a column from its header and cells, or as declared, with warnings."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.columns import dates
from models.columns.case_variants import case_variants_warning
from models.columns.category_codes import (
    are_codes,
    category_codes_warning,
    codes_warning,
    have_code_header,
    have_many_digits,
)
from models.columns.clock_times import are_clock_times, clock_time_warning
from models.columns.column import Kind, Override
from models.columns.column_results import (
    ColumnResult,
    check_texts,
    column_of,
    ignore,
    numeric,
    too_many_categories,
)
from models.columns.column_stats import NumericColumn, TextColumn, parse_column, parse_texts
from models.columns.headers import id_rank, is_key_header
from models.columns.key_columns import (
    KEY,
    find_key,
    is_almost_unique,
    key_warning,
    text_key_warning,
)
from models.columns.layout_checks import is_data_number
from models.columns.missing_markers import MissingMarkers
from models.columns.number_format_detection import several_formats_warning
from models.columns.number_formats import mark_numbers
from models.columns.numeric_dates import find_serial, serial_warning
from models.columns.outcome_columns import is_segmentation, outcome_warning, segmentation_warning
from models.columns.override_hints import override_json
from models.columns.overrides import declare_numeric, declare_text
from models.columns.sentinels import find_text_sentinels
from models.features import MAX_CATEGORIES

FREE_TEXT_DISTINCT: Final = 50
FREE_TEXT_SHARE: Final = 0.2
FREE_TEXT_LENGTH: Final = 50
MIN_NUMERIC_SHARE: Final = 0.9
MIN_SAMPLED_SHARE: Final = 0.5
SAMPLE: Final = 1000

_CODE: Final = r"^\S*[0-9@]\S*$"
_LETTERED_CODE: Final = r"^\s*[A-Za-z]{1,3}[-_]?[0-9]+\s*$"


def infer_column(
    column: pa.ChunkedArray, name: str, override: Override, *, decimal_comma: bool = False
) -> ColumnResult:
    """Infer the kind of a column.

    Parameters
    ----------
    column
        Text, int64 or float64, unparsed.
    name
        Its header.
    override
        Its declaration.
    decimal_comma
        Whether other columns have decimal commas; this resolves ambiguous separators.

    Returns
    -------
    ColumnResult
        The declared kind; or numeric if every known cell is a number (a column of only 0 and 1 is
        categorical), an identifier if the cells are keys, or unique and look like ids, ignored if
        it cannot be a feature, and otherwise categorical.

    Raises
    ------
    BadCells
        If a cell is neither a number nor a text, or is not a number in a column declared numeric.
    """
    markers = MissingMarkers.of(override.missing or ())
    if override.kind == "numeric" or (override.kind is None and override.numerals is not None):
        result = declare_numeric(column, name, markers, override.numerals)
    elif override.kind is not None:
        result = declare_text(
            parse_texts(column, name, markers, fold_case=override.fold_case), override.kind
        )
    else:
        evidence = parse_column(
            column, name, markers, fold_case=override.fold_case, decimal_comma=decimal_comma
        )
        codes = are_codes(column, name) or (
            isinstance(evidence, NumericColumn)
            and (have_code_header(evidence) or have_many_digits(evidence))
        )
        texts = (
            parse_texts(column, name, markers, fold_case=override.fold_case) if codes else evidence
        )
        result = _infer(texts, codes=codes)
    described = replace(
        result.column, missing_markers=override.missing or (), fold_case=override.fold_case
    )
    return result._replace(column=described)


def _infer(evidence: NumericColumn | TextColumn, *, codes: bool) -> ColumnResult:
    if isinstance(evidence, TextColumn):
        check_texts(evidence)
    if evidence.distinct == 0:
        return ignore(evidence, "empty", "has no values")
    if evidence.distinct == 1:
        return ignore(evidence, "constant", _describe_constant(evidence))
    if is_segmentation(evidence):
        doubt = segmentation_warning(evidence.name)
        return ColumnResult(
            column_of(evidence, "ignored", reason="earlier segmentation")
        ).with_doubts(doubt)
    if isinstance(evidence, NumericColumn):
        result = _infer_numbers(evidence)
        is_data = is_data_number(evidence.name, evidence.known)
    else:
        result = _infer_codes(evidence) if codes else _infer_texts(evidence)
        is_data = (
            result.column.kind == "categorical"
            and evidence.name.strip() in evidence.texts.values.to_pylist()
        )
    return result._replace(has_data_header=is_data)


def _describe_constant(evidence: NumericColumn | TextColumn) -> str:
    if not evidence.missing:
        return "has the same value in every row"
    return (
        f"has one value, and none in {evidence.missing:,} rows. If none means no, send the column "
        "as yes and no"
    )


def _infer_numbers(evidence: NumericColumn) -> ColumnResult:
    if evidence.are_flags:
        return ColumnResult(column_of(evidence, "categorical")).with_doubts(
            outcome_warning(evidence)
        )
    if serial := find_serial(evidence.name, evidence.known):
        return ColumnResult(column_of(evidence, "ignored", reason="date")).with_doubts(
            serial_warning(evidence.name, serial)
        )
    if key := find_key(evidence):
        return ColumnResult(column_of(evidence, "identifier", reason=key)).with_doubts(
            key_warning(evidence.name)
        )
    return numeric(evidence).with_doubts(
        category_codes_warning(evidence.name, evidence.known), outcome_warning(evidence)
    )


def _infer_codes(evidence: TextColumn) -> ColumnResult:
    """Infer the kind of a column of codes."""
    kind: Kind = "categorical"
    if is_almost_unique(evidence):
        kind = "identifier"
    elif evidence.distinct > MAX_CATEGORIES or _is_free_text(evidence):
        kind = "ignored"
    reason = None if kind == "categorical" else "codes"
    return ColumnResult(column_of(evidence, kind, reason=reason)).with_doubts(
        codes_warning(evidence.name, kind)
    )


def _infer_as_text(
    evidence: TextColumn, reason: str, warning: Callable[[str, Kind], str]
) -> ColumnResult:
    """Read texts that stand for amounts as categories, or ignore them if there are too many."""
    is_few = evidence.distinct <= MAX_CATEGORIES and not _is_free_text(evidence)
    kind: Kind = "categorical" if is_few else "ignored"
    column = column_of(evidence, kind, reason=None if is_few else reason)
    return ColumnResult(column).with_doubts(warning(evidence.name, kind))


def _infer_texts(evidence: TextColumn) -> ColumnResult:
    if is_almost_unique(evidence) and is_key_header(evidence.name):
        return ColumnResult(column_of(evidence, "identifier"))
    if id_rank(evidence.name) is not None and _are_id_like(evidence.texts.values):
        return ColumnResult(column_of(evidence, "identifier", reason=KEY)).with_doubts(
            text_key_warning(evidence.name)
        )
    if dates.are_dates(evidence.texts.values):
        declaration = override_json(evidence.name, kind="numeric")
        return ignore(
            evidence,
            "date",
            "holds dates. To use the days from each to the newest, declare it numeric: "
            f"{declaration}",
        )
    if are_clock_times(evidence.texts.values):
        return _infer_as_text(evidence, "time", clock_time_warning)
    result = _infer_mixed(evidence) if _is_mixed(evidence) else _infer_words(evidence)
    return (
        result
        if result.column.kind == "identifier"
        else result.with_doubts(find_text_sentinels(evidence.name, evidence.cells))
    )


def _infer_words(evidence: TextColumn) -> ColumnResult:
    if _are_in_several_formats(evidence):
        return _infer_as_text(evidence, "unlike numbers", several_formats_warning)
    if is_almost_unique(evidence) and _are_id_like(evidence.texts.values):
        return ColumnResult(column_of(evidence, "identifier"))
    if _is_free_text(evidence):
        return ignore(evidence, "free text", "holds free text")
    if evidence.distinct > MAX_CATEGORIES:
        return ignore(evidence, "many categories", too_many_categories(evidence))
    return ColumnResult(column_of(evidence, "categorical")).with_doubts(
        case_variants_warning(evidence), outcome_warning(evidence)
    )


def _infer_mixed(evidence: TextColumn) -> ColumnResult:
    wrong = evidence.cells.rows(evidence.as_numbers.wrong)
    warning = (
        f"{evidence.name!r} is read as text: {wrong.size} of its {evidence.n_known} known cells "
        "are not numbers, the "
        f"first in row {wrong[0] + 1}. If they stand for a missing value, declare them as missing."
    )
    if _is_free_text(evidence):
        return ColumnResult(column_of(evidence, "ignored", reason="nearly numeric")).with_doubts(
            warning
        )
    return ColumnResult(column_of(evidence, "categorical")).with_doubts(warning)


def _are_id_like(texts: pa.Array) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts.drop_null(), _CODE)).as_py())


def _is_mixed(evidence: TextColumn) -> bool:
    nearly = (
        0
        < evidence.n_read(evidence.as_numbers)
        >= MIN_NUMERIC_SHARE * (evidence.n_known - evidence.n_sentinels)
    )
    if not nearly:
        return False
    # Numbers after one to three letters, such as cancelled invoices, are codes.
    others = evidence.cells.values.filter(pa.array(evidence.as_numbers.wrong))
    return not pc.all(pc.match_substring_regex(others, _LETTERED_CODE)).as_py()


def _are_in_several_formats(evidence: TextColumn) -> bool:
    """Check for numbers of several formats or units, which no single format can parse."""
    texts = evidence.texts.values
    if len(texts) > SAMPLE and mark_numbers(texts[:SAMPLE]).mean() < MIN_SAMPLED_SHARE:
        return False
    n_numbers = int(evidence.counts[mark_numbers(texts)].sum())
    return n_numbers >= max(MIN_NUMERIC_SHARE * (evidence.n_known - evidence.n_sentinels), 1)


def _is_free_text(evidence: TextColumn) -> bool:
    many = (
        evidence.distinct > FREE_TEXT_DISTINCT
        and evidence.distinct > FREE_TEXT_SHARE * evidence.n_known
    )
    lengths = pc.fill_null(pc.utf8_length(evidence.texts.values), 0).to_numpy()
    mean_length = float(np.dot(evidence.counts, lengths)) / evidence.n_known
    return many or mean_length > FREE_TEXT_LENGTH
