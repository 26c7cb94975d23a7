"""What is learned of one column."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True)
class FittedSteps:
    """The steps of a column, unfitted; a usual cell to fit them to; and those that were fitted to the whole column.

    A whole column would otherwise be prepared to fit a step, and again to make points, and be held in between.
    """

    steps: Pipeline
    usual: float | str
    fitted: Mapping[str, Any] = field(default_factory=dict)
