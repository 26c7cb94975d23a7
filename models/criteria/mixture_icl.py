"""ICL of Gaussian mixtures: BIC with an additional penalty for overlapping components."""

from dataclasses import dataclass
from typing import Literal

from models.criteria.base import Verdict, argmin_verdict
from models.criteria.data import CriterionData


@dataclass(frozen=True, kw_only=True)
class MixtureICL:
    """The lowest integrated completed likelihood of Gaussian mixtures (Biernacki et al. 2000)."""

    name: Literal["mixture_icl"] = "mixture_icl"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k by the ICL per customer."""
        return argmin_verdict(
            self.name, {k: mixture.icl for k, mixture in evidence.mixtures.items()}
        )
