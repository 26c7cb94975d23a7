"""Fitted steps of one column."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True)
class FittedSteps:
    """Unfitted steps of a column, a typical cell to fit them to, and steps fitted to the column.

    Fitting the pipeline to one cell and replacing the fitted steps saves a second pass over the
    column and its copy.
    """

    steps: Pipeline
    usual: float | str
    fitted: Mapping[str, Any] = field(default_factory=dict)
