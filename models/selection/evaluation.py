"""Evaluation of every criterion on the sample."""

from collections.abc import Callable

import numpy as np

from models.criteria import CRITERIA, CriterionData, Verdict
from models.errors import TooFewCustomers
from models.selection.k_probabilities import MAX_K
from models.selection.sampling import SelectionSample

Progress = Callable[[str, float], None]


def build_criterion_data(
    sample: SelectionSample, k_min: int, k_max: int, seed: int
) -> CriterionData:
    """Build the input of the criteria, for 1 to max(15, k_max) segments.

    Raise TooFewCustomers below `k_min`.
    """
    distinct = len(np.unique(sample.points, axis=0))
    if distinct < k_min:
        raise TooFewCustomers(f"{distinct:,} distinct customers cannot form {k_min:,} segments")
    return CriterionData(points=sample.evidence, k_max=min(max(k_max, MAX_K), distinct), seed=seed)


def evaluate_criteria(
    evidence: CriterionData, progress: Progress = lambda _stage, _fraction: None
) -> dict[str, Verdict]:
    """Evaluate every criterion.

    Report the name of each before it starts, and the share of the work done.
    """
    verdicts: dict[str, Verdict] = {}
    for i, criterion in enumerate(CRITERIA):
        progress(criterion.name, (1 + i) / (1 + len(CRITERIA)))
        verdicts[criterion.name] = criterion.evaluate(evidence)
    return verdicts
