"""Rounds of measurements, taken in turns, so that what disturbs one candidate disturbs them all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

ROUNDS = 5
MEDIANS = "Medians of {} rounds taken in turns (the least to the greatest)."

Measurement = Callable[[], float]


@dataclass(frozen=True)
class Figure:
    """What one candidate reached in each round."""

    rounds: Sequence[float]

    def __str__(self) -> str:
        """Give the median, with the least and the greatest where there are several."""
        if len(self.rounds) == 1:
            return _shown(self.rounds[0])
        shown = [
            _shown(value) for value in (median(self.rounds), min(self.rounds), max(self.rounds))
        ]
        return "{} ({} to {})".format(*shown)


def take_turns(candidates: Mapping[str, Measurement], rounds: int = ROUNDS) -> dict[str, Figure]:
    """Measure every candidate once in each round."""
    taken = [{name: measure() for name, measure in candidates.items()} for _ in range(rounds)]
    return {name: Figure([each[name] for each in taken]) for name in candidates}


def seconds(work: Callable[[], object]) -> float:
    """Time one piece of work."""
    start = perf_counter()
    work()
    return perf_counter() - start


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits are as many as are true
