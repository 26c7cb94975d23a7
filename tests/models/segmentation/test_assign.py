"""All customers of a table at their nearest centers, and the scorer that says the same."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from models.algorithms import Algorithm, KMeans
from models.features import Feature
from models.kernels.parallel import ALONE
from models.segmentation import fit
from models.segmentation.assign import AT_ONCE, assign_table
from tests.support.scorer_columns import cells_of

TOWNS = ("Ulm", "Bonn", "Kiel")
FEATURES = [
    *(Feature(name=name, kind="numeric", weight=2.0) for name in ("spent", "visits", "age")),
    *(Feature(name=name, kind="categorical") for name in ("plan", "town")),
]
every_algorithm = pytest.mark.parametrize(
    "algorithm", [kind() for kind in get_args(Algorithm)], ids=lambda a: a.name
)


def customers(n, seed, towns=TOWNS):
    """Draw customers with so many gaps that nothing is known of some."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "spent": random.lognormal(3, 1, n),
            "visits": random.poisson(3, n).astype(float),
            "age": random.normal(40, 12, n).round(),
            "plan": random.choice(["basic", "plus"], n),
            "town": random.choice(towns, n),
        }
    )
    return table.where(random.random(table.shape) > 0.4)


def said_by(scorer, table):
    """Say what the scorer does when each center is a segment of its own."""
    m = len(scorer.centers)
    each = replace(scorer, segment_of_center=np.arange(m), fences=np.full(m, np.inf))
    return each.assign(cells_of(table, scorer.features), len(table))


@every_algorithm
@pytest.mark.parametrize("features", [FEATURES, FEATURES[:1], FEATURES[3:], FEATURES[::-1]])
def test_a_table_is_assigned_bit_for_bit_as_by_the_scorer(algorithm, features):
    scorer = fit(customers(600, 0), features, algorithm, k=3, seed=0).scorer
    others = customers(700, 1, towns=(*TOWNS, "Jena"))
    placed, said = assign_table(scorer, others), said_by(scorer, others)
    assert (said.index < 0).any()
    assert placed.center.tolist() == said.index.tolist()
    assert np.array_equal(placed.distance, said.distance, equal_nan=True)


def test_threads_change_no_assignment():
    scorer = fit(customers(600, 0), FEATURES, KMeans(), k=5, seed=0).scorer
    many = customers(AT_ONCE + 300, 2)
    assert len(many) * len(scorer.centers) > ALONE
    assert assign_table(scorer, many).center.tolist() == said_by(scorer, many).index.tolist()
