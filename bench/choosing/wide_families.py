"""Families of many columns, of which often only a part has to do with the segments."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from bench.choosing.drawing import Family, Truth, draw_labels, one_segment, table_of, unequal_shares


def third_of_columns(rng: np.random.Generator) -> Truth:
    """Segments that differ in a third of 30 to 120 columns."""
    k, d, n = (
        int(rng.integers(2, 7)),
        int(rng.choice([30, 30, 60, 60, 120])),
        int(rng.choice([400, 1000])),
    )
    labels = draw_labels(rng, n, unequal_shares(rng, 2)(k, rng))
    centers = rng.normal(size=(k, d)) * rng.uniform(0.8, 1.6) * (np.arange(d) < d / 3)
    return table_of(centers[labels] + rng.normal(size=(n, d)), labels)


def wide_and_clear(rng: np.random.Generator) -> Truth:
    """Segments that differ in all of 20 to 60 columns."""
    k, d, n = int(rng.integers(2, 9)), int(rng.integers(20, 61)), int(rng.choice([300, 1000]))
    labels = draw_labels(rng, n, unequal_shares(rng, 3)(k, rng))
    centers = rng.normal(size=(k, d)) * rng.uniform(0.6, 1.2)
    return table_of(centers[labels] + rng.normal(size=(n, d)), labels)


def wide_noise(rng: np.random.Generator) -> Truth:
    """Nothing but 20 to 120 independent columns, of any spread."""
    n, d = int(rng.choice([200, 400, 1000])), int(rng.choice([20, 30, 30, 60, 120]))
    kinds = (rng.normal(size=(n, d)), rng.uniform(size=(n, d)), rng.lognormal(size=(n, d)))
    return one_segment(kinds[rng.integers(len(kinds))])


def wide_factors(rng: np.random.Generator) -> Truth:
    """Nothing but 20 to 120 columns that follow a few gradual traits."""
    n, d = int(rng.choice([200, 400, 1000])), int(rng.choice([20, 30, 30, 60, 120]))
    f = int(rng.integers(1, 6))
    traits = rng.normal(size=(n, f)) if rng.random() < 1 / 2 else rng.uniform(-1.7, 1.7, (n, f))
    x = traits @ rng.normal(size=(f, d)) * rng.uniform(0.3, 1.0) + rng.normal(size=(n, d))
    return one_segment(np.exp(0.5 * x) if rng.random() < 1 / 3 else x)


WIDE_STRUCTURED: Final[Mapping[str, Family]] = {
    family.__name__: family for family in (third_of_columns, wide_and_clear)
}
WIDE_UNSTRUCTURED: Final[Mapping[str, Family]] = {
    family.__name__: family for family in (wide_noise, wide_factors)
}
