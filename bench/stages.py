"""`python -m bench.stages`.

Where the time of a large fit goes, by the stages of which a job tells.
"""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter, process_time
from typing import Final

import pandas as pd

from bench.markdown import say, show
from bench.rounds import MEDIANS, ROUNDS
from bench.tables import FEATURES, draw_table
from models import persistence
from models.algorithms import Algorithm, Hierarchical, KMeans
from models.features import Feature
from models.precompile import warm_up
from models.profiling import profile_segments
from models.segmentation import fit

N, K = 2_000_000, 6
CANDIDATES: Final[Mapping[str, Algorithm]] = {"K-Means": KMeans(), "hierarchical": Hierarchical()}

Clock = Callable[[], float]

CLOCKS: Final[Mapping[str, Clock]] = {"s": perf_counter, "processor s": process_time}


class Stages:
    """Adds up by stage what a clock says from its beginning to that of the next one."""

    def __init__(self, clock: Clock) -> None:
        self.spent: dict[str, float] = {}
        self._clock, self._stage, self._since = clock, "", clock()

    def begin(self, stage: str) -> None:
        """End one stage and begin another."""
        now = self._clock()
        if self._stage:
            self.spent[self._stage] = self.spent.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now


def main() -> None:
    """Measure every stage, and all of them."""
    warm_up()
    say(f"{MEDIANS.format(ROUNDS)} {N:,} customers by {len(FEATURES)} columns, k = {K}.")
    table = draw_table(N).select(FEATURES).to_pandas()
    rounds = [
        {name: _fit(table, algorithm) for name, algorithm in CANDIDATES.items()}
        for _ in range(ROUNDS)
    ]
    clocks = {
        f"{name}: {clock}": [each[name][clock] for each in rounds]
        for name in CANDIDATES
        for clock in CLOCKS
    }
    stages = next(iter(clocks.values()))[0]
    show(
        {
            stage: {
                name: f"{median(each[stage] for each in of):.3g}" for name, of in clocks.items()
            }
            for stage in stages
        }
    )


def _fit(table: pd.DataFrame, algorithm: Algorithm) -> dict[str, dict[str, float]]:
    watches = {name: Stages(clock) for name, clock in CLOCKS.items()}

    def begin(stage: str, _fraction: float) -> None:
        for watch in watches.values():
            watch.begin(stage)

    found = fit(table, _features(table), algorithm, k=K, seed=0, progress=begin)
    begin("profiling", 0.0)
    profile_segments(table, found.features, found.labels, k=K, seed=0)
    begin("saving", 0.0)
    persistence.dump(found.pipeline)
    found.scorer.to_bytes()
    begin("", 0.0)
    return {
        name: {**watch.spent, "all": sum(watch.spent.values())} for name, watch in watches.items()
    }


def _features(table: pd.DataFrame) -> list[Feature]:
    numeric = set(table.select_dtypes("number"))
    return [
        Feature(name=name, kind="numeric" if name in numeric else "categorical") for name in table
    ]


if __name__ == "__main__":
    main()
