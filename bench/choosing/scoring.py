"""What ours and its peers say of one table, and what ours says of two others like it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from bench.choosing.cuts import Cuts
from bench.choosing.peers import PEERS
from bench.choosing.tables import Source, draw, features_of
from models.algorithms import KMeans
from models.selection import Recommendation, recommend_k
from models.selection.sampling import draw_sample

SUBSAMPLE = 0.8


@dataclass(frozen=True, kw_only=True)
class Score:
    """The answers on one table.

    Attributes
    ----------
    source, right
        The table, and its right numbers of segments.
    ours, seconds
        Our recommendation, and how long it took.
    peers
        The choice of each peer; empty if they were not asked.
    of_subsample
        Our choice for 80 % of the rows; None if it was not asked.
    with_category
        Our choice once a category of no meaning is added; None if it was not asked.
    """

    source: Source
    right: tuple[int, ...]
    ours: Recommendation
    seconds: float
    peers: Mapping[str, int | None]
    of_subsample: int | None
    with_category: int | None


@threadpool_limits.wrap(limits=1)
def score(source: Source, *, alone: bool = False) -> Score | None:
    """Ask ours and its peers about a table, each on one thread.

    Ours alone, and once, on request. None if no table could be drawn.
    """
    truth = draw(source)
    if truth is None:
        return None
    start = perf_counter()
    ours = _recommend(truth.table)
    once = Score(
        source=source,
        right=truth.right,
        seconds=perf_counter() - start,
        ours=ours,
        peers={},
        of_subsample=None,
        with_category=None,
    )
    if alone:
        return once
    return replace(
        once,
        peers=_ask_peers(truth.table),
        of_subsample=_recommend(truth.table.sample(frac=SUBSAMPLE, random_state=source.seed)).k,
        with_category=_with_category(source, truth.table),
    )


def _recommend(table: pd.DataFrame) -> Recommendation:
    return recommend_k(table, features_of(table), KMeans())


def _ask_peers(table: pd.DataFrame) -> dict[str, int | None]:
    """Ask the peers about the very points that ours looks at.

    Prepared, without strays and unrelated categories.
    """
    cuts = Cuts(draw_sample(table, features_of(table), seed=0).points)
    return {name: choose(cuts) for name, choose in PEERS.items()}


def _with_category(source: Source, table: pd.DataFrame) -> int | None:
    """Recommend k for numeric columns with segments, beside a random category."""
    if not source.is_structured or len(table.select_dtypes("number").columns) < len(table.columns):
        return None
    rng = np.random.default_rng(source.seed)
    values = [f"group {value}" for value in rng.integers(int(rng.integers(2, 5)), size=len(table))]
    return _recommend(table.assign(group=pd.Series(values, index=table.index, dtype="str"))).k
