"""BIC of Gaussian mixtures: how many bell shapes describe the customers, each paid for by its parameters."""

from dataclasses import dataclass
from typing import Literal

from models.criteria.evidence import Evidence
from models.criteria.mixtures import mixtures
from models.criteria.verdict import Verdict, lowest


@dataclass(frozen=True, kw_only=True)
class MixtureBIC:
    """The least BIC of mixtures with full covariances (Schwarz 1978; Fraley & Raftery 2002)."""

    name: Literal["mixture_bic"] = "mixture_bic"

    def judge(self, evidence: Evidence) -> Verdict:
        """Score each k by the criterion per customer; the mixtures start from K-Means."""
        return lowest(self.name, {k: mixture.bic for k, mixture in mixtures(evidence).items()})
