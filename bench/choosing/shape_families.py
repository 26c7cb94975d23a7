"""Families of segments of other shapes, of very different sizes, and of several levels."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from bench.choosing.drawing import (
    Family,
    Floats,
    Truth,
    draw_centers,
    draw_d,
    draw_groups,
    draw_labels,
    equal_shares,
    table_of,
    unequal_shares,
)


def two_overlapping(rng: np.random.Generator) -> Truth:
    """Two equal bells 2.4 to 3.4 standard deviations apart, along a random direction."""
    n, d = int(rng.choice([1000, 2000, 3000])), int(rng.choice([1, 2, 4, 8, 16]))
    labels = draw_labels(rng, n, np.full(2, 1 / 2))
    direction = np.ones(d) if rng.random() < 1 / 2 else rng.normal(size=d)
    offset = direction / np.linalg.norm(direction) * rng.uniform(2.4, 3.4)
    return replace(
        table_of(labels[:, None] * offset + rng.normal(size=(n, d)), labels), overlaps=True
    )


def touching_shapes(rng: np.random.Generator) -> Truth:
    """Evenly filled discs, squares or diamonds that touch, or nearly."""
    k, n = int(rng.integers(2, 6)), int(rng.choice([400, 800, 1500]))
    labels = draw_labels(rng, n, equal_shares(k, rng))
    norm = (1.0, 2.0, np.inf)[rng.integers(2)]
    centers = _touching_centers(rng, k, 2 * rng.uniform(1.0, 1.15))
    return table_of(centers[labels] + _in_ball(rng, n, norm), labels)


def rings_apart(rng: np.random.Generator) -> Truth:
    """Two to five rings side by side, which K-Means tells apart at the right number only."""
    k, n = int(rng.integers(2, 6)), int(rng.choice([500, 1000, 2000]))
    labels = draw_labels(rng, n, unequal_shares(rng, 2)(k, rng))
    angles = rng.uniform(0, 2 * np.pi, size=n)
    radii = 1 + rng.normal(size=n) * rng.uniform(0.01, 0.15)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]
    return table_of(_touching_centers(rng, k, rng.uniform(2.8, 4))[labels] + ring, labels)


def crescents(rng: np.random.Generator) -> Truth:
    """Two to four crescents side by side."""
    k, n = int(rng.integers(2, 5)), int(rng.choice([400, 800, 1500]))
    labels = draw_labels(rng, n, equal_shares(k, rng))
    angles = rng.uniform(0, np.pi, size=n) + rng.uniform(0, 2 * np.pi, size=k)[labels]
    arc = np.column_stack([np.cos(angles), np.sin(angles)]) + rng.normal(size=(n, 2)) * 0.1
    return table_of(_touching_centers(rng, k, rng.uniform(2.6, 3.6))[labels] + arc, labels)


def small_beside_large(rng: np.random.Generator) -> Truth:
    """One to three large groups, and one to five that are ten to twenty times smaller."""
    large, small = int(rng.integers(1, 4)), int(rng.integers(1, 6))
    shares = np.concatenate([np.ones(large), 1 / rng.uniform(10, 20, size=small)])
    k, d, n = large + small, int(rng.integers(2, 5)), int(rng.choice([1500, 3000, 6000]))
    labels = draw_labels(rng, n, shares / shares.sum())
    widths = rng.uniform(0.6, 1.2, size=k)
    centers = draw_centers(rng, k, d, rng.uniform(6, 9))
    return table_of(centers[labels] + rng.normal(size=(n, d)) * widths[labels, None], labels)


def unlike_groups(rng: np.random.Generator) -> Truth:
    """Draw groups of unlike size, spread and direction."""
    k = int(rng.integers(2, 7))
    return draw_groups(
        rng,
        k=k,
        d=int(rng.integers(2, 5)),
        n=int(rng.choice([300, 800, 1500])),
        sizes=unequal_shares(rng, 8),
        widths=(0.4, 1.6),
        stretch=rng.uniform(1, 3),
        gap=rng.uniform(5, 8),
    )


def few_rows(rng: np.random.Generator) -> Truth:
    """Two to five groups of 60 to 150 customers in all."""
    k = int(rng.integers(2, 6))
    return draw_groups(
        rng,
        k=k,
        d=int(rng.integers(2, 5)),
        n=int(rng.integers(60, 151)),
        sizes=unequal_shares(rng, 3),
        widths=(0.5, 1.3),
        gap=rng.uniform(4, 6),
    )


def up_to_fifteen(rng: np.random.Generator) -> Truth:
    """Nine to fifteen groups."""
    k = int(rng.integers(9, 16))
    return draw_groups(
        rng,
        k=k,
        d=int(rng.integers(2, 6)),
        n=int(rng.choice([1500, 3000])),
        sizes=unequal_shares(rng, 2),
        gap=rng.uniform(4.5, 7),
    )


def two_levels(rng: np.random.Generator) -> Truth:
    """Two to four far groups, each of two or three near ones: both numbers are right."""
    coarse, d = int(rng.integers(2, 5)), draw_d(rng)
    parts = rng.integers(2, 4, size=coarse)
    k = int(parts.sum())
    near = rng.uniform(4, 5)
    centers = np.concatenate(
        [
            center + draw_centers(rng, part, d, near)
            for center, part in zip(draw_centers(rng, coarse, d, near * 4), parts, strict=True)
        ]
    )
    labels = draw_labels(rng, int(rng.choice([800, 1500])), equal_shares(k, rng))
    truth = table_of(centers[labels] + rng.normal(size=(len(labels), d)), labels)
    return replace(truth, coarser=(coarse,))


def _touching_centers(rng: np.random.Generator, k: int, gap: float) -> Floats:
    """Draw centers on a square grid of a gap, each next to an earlier one."""
    cells = [(0, 0)]
    while len(cells) < k:
        x, y = cells[rng.integers(len(cells))]
        dx, dy = ((1, 0), (0, 1), (-1, 0), (0, -1))[rng.integers(4)]
        if (x + dx, y + dy) not in cells:
            cells.append((x + dx, y + dy))
    return np.array(cells) * gap


def _in_ball(rng: np.random.Generator, n: int, order: float) -> Floats:
    """Draw points evenly from the unit disc of a norm, by rejection."""
    points = rng.uniform(-1, 1, size=(6 * n, 2))
    return np.asarray(points[np.linalg.norm(points, ord=order, axis=1) <= 1][:n])


SHAPE_STRUCTURED: Final[Mapping[str, Family]] = {
    family.__name__: family
    for family in (
        two_overlapping,
        touching_shapes,
        rings_apart,
        crescents,
        small_beside_large,
        unlike_groups,
        few_rows,
        up_to_fifteen,
        two_levels,
    )
}
