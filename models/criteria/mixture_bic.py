"""BIC of Gaussian mixtures: how many bell shapes describe the customers, each paid for by its parameters."""

from dataclasses import dataclass
from typing import Literal

from models.criteria.base import Verdict, argmin_verdict
from models.criteria.data import CriterionData


@dataclass(frozen=True, kw_only=True)
class MixtureBIC:
    """The least BIC of Gaussian mixtures, of one covariance for all or of each its own (Fraley & Raftery 2002)."""

    name: Literal["mixture_bic"] = "mixture_bic"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k by the criterion per customer."""
        return argmin_verdict(self.name, {k: mixture.bic for k, mixture in evidence.mixtures.items()})
