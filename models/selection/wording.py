"""The advice in a sentence for people who sell things."""

from collections.abc import Mapping
from typing import Final

SURE: Final = 0.9
LIKELY: Final = 0.6


def advise(k: int, probabilities: Mapping[int, float] | None) -> str:
    """Say how many segments the customers form, and how strong the evidence is.

    Parameters
    ----------
    k
        The recommended number.
    probabilities
        Of each number; None where there is no footing for any.
    """
    if probabilities is None:
        return f"{_segments(k)} fit best, as far as can be told: how sure that is cannot be said here."
    best, runner_up = sorted(probabilities, key=lambda j: (-probabilities[j], j))[:2]
    if k != best:
        return f"Within your limits {_segments(k)} fit best; without them it would be {_segments(best)}."
    if probabilities.get(1, 0) > 1 / 2:
        return "No clear segments: these customers form one continuum."
    if probabilities[k] >= SURE:
        return f"{_segments(k)}."
    if probabilities[k] >= LIKELY:
        return f"{_segments(k)}, possibly {runner_up}."
    return f"{min(k, runner_up)} or {max(k, runner_up)} segments; the evidence is weak."


def _segments(k: int) -> str:
    return f"{k} segment{'s' * (k != 1)}"
