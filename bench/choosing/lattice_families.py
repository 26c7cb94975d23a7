"""Families of discrete columns: flags, scales of a questionnaire, counts, codes, empty cells.

A customer's values form a lattice; a cell of it is no segment.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from bench.choosing.drawing import (
    Family,
    Floats,
    Truth,
    draw_centers,
    draw_k,
    draw_labels,
    draw_n,
    one_segment,
    table_of,
    unequal_shares,
)


def independent_flags(rng: np.random.Generator) -> Truth:
    """Nothing but three to eight flags that have nothing to do with each other."""
    n, d = draw_n(rng), int(rng.integers(3, 9))
    even = rng.random() < 1 / 2
    likely = np.full(d, 1 / 2) if even else rng.uniform(0.15, 0.85, size=d)
    numbers = (rng.random((n, d)) < likely).astype(np.float64)
    return _as_codes(numbers) if rng.random() < 1 / 2 else one_segment(numbers)


def flags_of_one_trait(rng: np.random.Generator) -> Truth:
    """Nothing but flags that are likelier the more of one gradual trait a customer has."""
    n, d = draw_n(rng, least=200), int(rng.integers(4, 11))
    trait = rng.normal(size=(n, 1)) * rng.uniform(0.5, 1.2)
    latent = trait + rng.normal(size=(n, d)) + rng.uniform(-0.8, 0.8, size=d)
    numbers = (latent > 0).astype(np.float64)
    return _as_codes(numbers) if rng.random() < 1 / 2 else one_segment(numbers)


def independent_answers(rng: np.random.Generator) -> Truth:
    """Nothing but answers on scales of 3 to 7 points, each in its own proportions."""
    n, d = draw_n(rng), int(rng.integers(3, 9))
    columns = []
    for _ in range(d):
        points = int(rng.integers(3, 8))
        columns.append(rng.choice(points, size=n, p=rng.dirichlet(np.full(points, 3.0))) + 1.0)
    return one_segment(np.column_stack(columns))


def answers_of_one_trait(rng: np.random.Generator) -> Truth:
    """Nothing but answers on scales of 5 or 7 points that rise with one gradual trait."""
    n, d, points = draw_n(rng, least=200), int(rng.integers(3, 9)), int(rng.choice([5, 7]))
    trait = rng.normal(size=(n, 1)) * rng.uniform(0.4, 1.5)
    latent = trait + rng.normal(size=(n, d)) + rng.uniform(-0.7, 0.7, size=d)
    return one_segment(_answers(latent, points))


def independent_counts(rng: np.random.Generator) -> Truth:
    """Nothing but counts: of goods, visits, calls, many of them often zero."""
    n, d = draw_n(rng), int(rng.integers(2, 7))
    means = rng.gamma(rng.uniform(0.6, 4), size=(n, d)) * rng.uniform(0.3, 4, size=d)
    return one_segment(rng.poisson(means).astype(float))


def independent_codes(rng: np.random.Generator) -> Truth:
    """Nothing but codes, flags, an age and amounts, as in the file of a bank or of employees."""
    n = draw_n(rng, least=200)
    age = np.round(rng.normal(40, 10, size=n).clip(18, 80))
    goods = rng.choice(4, size=n, p=rng.dirichlet([8, 8, 1.5, 0.7])) + 1.0
    balance = (rng.random(n) < rng.uniform(0.4, 0.8)) * rng.normal(1e5, 3e4, size=n).clip(1e3)
    salary = rng.uniform(1e3, 2e5, size=n)
    years = rng.integers(0, 11, size=n).astype(float)
    columns = pd.DataFrame(
        {"age": age, "goods": goods, "balance": balance, "salary": salary, "years": years}
    )
    kept = rng.permutation(len(columns.columns))[: int(rng.integers(3, 6))]
    table = columns.iloc[:, np.sort(kept)].assign(
        country=_words(rng, n, "land", int(rng.integers(2, 5))),
        member=_words(rng, n, "member", 2),
        card=_words(rng, n, "card", 2),
    )
    return Truth(table=table, labels=np.zeros(n, dtype=np.int64))


def empty_cells(rng: np.random.Generator) -> Truth:
    """Nothing but a cloud of which up to half of a column's cells are empty."""
    n, d = draw_n(rng, least=200), int(rng.integers(3, 8))
    x = rng.normal(size=(n, d)) @ (np.eye(d) + 0.3 * rng.normal(size=(d, d)))
    x = np.exp(0.5 * x) if rng.random() < 1 / 2 else x
    some = rng.random(d) < 1 / 2
    x[rng.random((n, d)) < rng.uniform(0.1, 0.5, size=d) * some] = np.nan
    return one_segment(x)


def many_zero_amounts(rng: np.random.Generator) -> Truth:
    """Nothing but amounts of which many are zero, independently of each other."""
    n, d = draw_n(rng, least=200), int(rng.integers(2, 6))
    buys = rng.random((n, d)) < rng.uniform(0.3, 0.9, size=d)
    return one_segment(np.round(buys * rng.lognormal(3, 0.7, size=(n, d)), 2))


def amounts_of_one_trait(rng: np.random.Generator) -> Truth:
    """Nothing but amounts of which many are zero, fewer the more of one gradual trait there is."""
    n, d = draw_n(rng, least=200), int(rng.integers(2, 6))
    trait = rng.normal(size=(n, 1)) * rng.uniform(0.5, 1.2)
    buys = trait + rng.normal(size=(n, d)) + rng.uniform(-0.5, 1, size=d) > 0
    amounts = np.exp(3 + 0.5 * trait + 0.7 * rng.normal(size=(n, d)))
    return one_segment(np.round(np.where(buys, amounts, 0.0), 2))


def classes_of_flags(rng: np.random.Generator) -> Truth:
    """Two to four classes, each with its own likely flags."""
    k, n, d = int(rng.integers(2, 5)), draw_n(rng, least=300), int(rng.integers(10, 21))
    labels = draw_labels(rng, n, unequal_shares(rng, 2)(k, rng))
    likely = np.where(rng.random((k, d)) < 1 / 2, 0.92, 0.08)
    flags = (rng.random((n, d)) < likely[labels]).astype(float)
    return _as_codes(flags, labels) if rng.random() < 1 / 2 else table_of(flags, labels)


def classes_of_answers(rng: np.random.Generator) -> Truth:
    """Two to five classes that answer differently on scales of 5 or 7 points."""
    k, n, d = int(rng.integers(2, 6)), draw_n(rng, least=300), int(rng.integers(5, 13))
    labels = draw_labels(rng, n, unequal_shares(rng, 2)(k, rng))
    latent = draw_centers(rng, k, d, rng.uniform(4.5, 6))
    latent = latent - latent.mean(axis=0)
    return table_of(
        _answers((latent[labels] + rng.normal(size=(n, d))) / 1.2, int(rng.choice([5, 7]))), labels
    )


def classes_of_counts(rng: np.random.Generator) -> Truth:
    """Two to five classes with different mean counts."""
    k, n, d = draw_k(rng, most=5), draw_n(rng, least=300), int(rng.integers(3, 8))
    labels = draw_labels(rng, n, unequal_shares(rng, 3)(k, rng))
    roots = draw_centers(rng, k, d, rng.uniform(2.2, 3)) + rng.uniform(0.5, 1.5)
    return table_of(rng.poisson(roots[labels] ** 2).astype(float), labels)


def _answers(latent: Floats, points: int) -> Floats:
    return np.clip(np.round(latent * points / 5 + (points + 1) / 2), 1, points)


def _words(rng: np.random.Generator, n: int, name: str, values: int) -> pd.Series:
    codes = rng.choice(values, size=n, p=rng.dirichlet(np.full(values, 4.0)))
    return pd.Series([f"{name}_{code}" for code in codes], dtype="str")


def _as_codes(flags: Floats, labels: np.ndarray | None = None) -> Truth:
    """Build a table of categories, as which the service reads columns of 0 and 1."""
    table = pd.DataFrame(
        {
            f"f{i}": pd.Series(column.astype(int).astype(str), dtype="str")
            for i, column in enumerate(flags.T)
        }
    )
    return Truth(
        table=table, labels=np.zeros(len(table), dtype=np.int64) if labels is None else labels
    )


LATTICE_STRUCTURED: Final[Mapping[str, Family]] = {
    family.__name__: family for family in (classes_of_flags, classes_of_answers, classes_of_counts)
}
LATTICE_UNSTRUCTURED: Final[Mapping[str, Family]] = {
    family.__name__: family
    for family in (
        independent_flags,
        flags_of_one_trait,
        independent_answers,
        answers_of_one_trait,
        independent_counts,
        independent_codes,
        empty_cells,
        many_zero_amounts,
        amounts_of_one_trait,
    )
}
