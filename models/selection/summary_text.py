"""The recommendation as a sentence for marketing and sales."""

from collections.abc import Mapping
from typing import Final

SURE: Final = 0.9
LIKELY: Final = 0.6


def format_recommendation(
    k: int, probabilities: Mapping[int, float] | None, *, k_max: int, are_levels: bool = False
) -> str:
    """Format the recommended number of segments and the strength of the evidence.

    Parameters
    ----------
    k
        The recommended number.
    probabilities
        The probability of each number of segments; None if they could not be estimated.
    k_max
        The largest number to mention.
    are_levels
        Whether the segments of the two most probable numbers are nested.
    """
    if probabilities is None:
        return f"{_headline(k)}; the probability cannot be estimated."
    best = max(probabilities, key=lambda j: (probabilities[j], -j))
    if best > k_max:
        return f"Within your limits {_count(k)}; more would describe these customers better."
    within = [j for j in probabilities if j <= k_max and j != best]
    runner_up = max(within, key=lambda j: (probabilities[j], -j), default=best)
    is_weak = probabilities[best] < LIKELY
    if k != best and not (is_weak and k == runner_up):
        return f"Within your limits {_count(k)}; without them: {_headline(best).lower()}."
    low, high = sorted((best, runner_up))
    if are_levels:
        return f"{_count(low)}, which divide further: {high} segments on a finer level."
    if is_weak:
        return f"The evidence is weak: {_headline(low).lower()}, or {high}."
    return _describe(best, probabilities[best], runner_up)


def _describe(k: int, probability: float, runner_up: int) -> str:
    """Describe a number of segments that the evidence supports."""
    is_sure = probability >= SURE
    if k > 1:
        return f"{_count(k)}." if is_sure else f"{_count(k)}, possibly {runner_up}."
    doubt = "" if is_sure else f"; possibly {runner_up} segments"
    return f"No clear segments: these customers form one continuum{doubt}."


def _headline(k: int) -> str:
    return "No clear segments" if k == 1 else _count(k)


def _count(k: int) -> str:
    return "1 segment" if k == 1 else f"{k} segments"
