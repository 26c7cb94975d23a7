"""Target leakage by header: columns with an earlier segmentation or an outcome."""

from typing import Final

import numpy as np

from models.columns.column_stats import NumericColumn, TextColumn
from models.columns.headers import is_outcome_header, is_segmentation_header
from models.columns.override_hints import override_json
from models.features import MAX_CATEGORIES

MAX_OUTCOMES: Final = 10


def is_segmentation(evidence: NumericColumn | TextColumn) -> bool:
    """Check whether a column is an earlier segmentation: by its header and few distinct values."""
    return is_segmentation_header(evidence.name) and _are_labels(evidence, MAX_CATEGORIES)


def segmentation_warning(name: str) -> str:
    """Build the warning for a column that looks like an earlier segmentation."""
    return (
        f"{name!r} looks like the outcome of an earlier segmentation and is ignored: segments "
        "would only repeat it. To "
        f"use it all the same, declare it categorical: {override_json(name, kind='categorical')}"
    )


def outcome_warning(evidence: NumericColumn | TextColumn) -> str | None:
    """Warn of a column that may be an outcome: segments should explain it, not contain it."""
    if not is_outcome_header(evidence.name) or not _are_labels(evidence, MAX_OUTCOMES):
        return None
    return (
        f"{evidence.name!r} looks like an outcome that segments should explain; as a feature, "
        "segments would only repeat it. To leave it out, declare it ignored: "
        f"{override_json(evidence.name, kind='ignored')}"
    )


def _are_labels(evidence: NumericColumn | TextColumn, most: int) -> bool:
    if evidence.distinct > most:
        return False
    return isinstance(evidence, TextColumn) or bool(
        (np.rint(evidence.known) == evidence.known).all()
    )
