"""Columns that answer what segments are looked for: an earlier segmentation, or an outcome to be explained."""

from typing import Final

import numpy as np

from models.columns.column_stats import NumericColumn, TextColumn
from models.columns.headers import is_outcome_header, is_segmentation_header
from models.columns.override_hints import propose
from models.features import MAX_CATEGORIES

MAX_OUTCOMES: Final = 10


def is_segmentation(evidence: NumericColumn | TextColumn) -> bool:
    """Check whether a column is the outcome of an earlier segmentation: by its header, and of few different values."""
    return is_segmentation_header(evidence.name) and _are_labels(evidence, MAX_CATEGORIES)


def segmentation_doubt(name: str) -> str:
    """Build the sentence on a column that is taken for an earlier segmentation."""
    return (
        f"{name!r} looks like the outcome of an earlier segmentation and is ignored: segments would only repeat it. To "
        f"use it all the same, declare it categorical: {propose(name, kind='categorical')}"
    )


def suspect_outcome(evidence: NumericColumn | TextColumn) -> str | None:
    """Say that a column may be an outcome, which is to be explained by segments rather than to form them."""
    if not is_outcome_header(evidence.name) or not _are_labels(evidence, MAX_OUTCOMES):
        return None
    return (
        f"{evidence.name!r} looks like an outcome that segments should explain; as a feature, segments would only "
        f"repeat it. To leave it out, declare it ignored: {propose(evidence.name, kind='ignored')}"
    )


def _are_labels(evidence: NumericColumn | TextColumn, most: int) -> bool:
    if evidence.distinct > most:
        return False
    return isinstance(evidence, TextColumn) or bool((np.rint(evidence.known) == evidence.known).all())
