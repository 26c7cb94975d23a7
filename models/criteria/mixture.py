"""Information criteria of Gaussian mixtures: likelihood with a penalty for complexity."""

from dataclasses import dataclass
from typing import Literal

from models.criteria.base import Verdict, argmin_verdict
from models.criteria.data import CriterionData


@dataclass(frozen=True, kw_only=True)
class MixtureBIC:
    """The lowest BIC of Gaussian mixtures, tied or full covariances (Fraley & Raftery 2002)."""

    name: Literal["mixture_bic"] = "mixture_bic"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k by the BIC per customer."""
        return argmin_verdict(
            self.name, {k: mixture.bic for k, mixture in evidence.mixtures.items()}
        )


@dataclass(frozen=True, kw_only=True)
class MixtureICL:
    """The lowest integrated completed likelihood of Gaussian mixtures (Biernacki et al. 2000)."""

    name: Literal["mixture_icl"] = "mixture_icl"

    def evaluate(self, evidence: CriterionData) -> Verdict:
        """Score each k by the ICL per customer."""
        return argmin_verdict(
            self.name, {k: mixture.icl for k, mixture in evidence.mixtures.items()}
        )
