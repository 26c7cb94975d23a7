"""The recommendation as a sentence for marketing and sales."""

from collections.abc import Mapping
from typing import Final

SURE: Final = 0.9
LIKELY: Final = 0.6


def format_recommendation(k: int, probabilities: Mapping[int, float] | None) -> str:
    """Format the recommended number of segments and the strength of the evidence.

    Parameters
    ----------
    k
        The recommended number.
    probabilities
        The probability of each number of segments; None if they could not be estimated.
    """
    if probabilities is None:
        return f"{_headline(k)}; the probability cannot be estimated."
    best, runner_up = sorted(probabilities, key=lambda j: (-probabilities[j], j))[:2]
    if k != best:
        return f"Within your limits {_count(k)}; without them: {_headline(best).lower()}."
    if probabilities.get(1, 0) > 1 / 2:
        return "No clear segments: these customers form one continuum."
    if probabilities[k] >= SURE:
        return f"{_count(k)}."
    if probabilities[k] >= LIKELY:
        return f"{_count(k)}, possibly {runner_up}."
    return f"{min(k, runner_up)} or {max(k, runner_up)} segments; the evidence is weak."


def _headline(k: int) -> str:
    return "No clear segments" if k == 1 else _count(k)


def _count(k: int) -> str:
    return "1 segment" if k == 1 else f"{k} segments"
