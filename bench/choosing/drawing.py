"""Drawing of customer tables with a known number of segments, shared by the families."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
SIZES: Final = (120, 200, 300, 400, 800, 1500, 3000)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A table, and the segment that each of its rows was drawn from.

    Attributes
    ----------
    table, labels
        One row per customer, and its segment.
    coarser
        Other right numbers of segments: those of the levels above in a hierarchy.
    overlaps
        Whether the segments overlap so much that no algorithm can assign most customers.
    """

    table: pd.DataFrame
    labels: Labels
    coarser: tuple[int, ...] = ()
    overlaps: bool = False

    @property
    def k(self) -> int:
        """The number of segments."""
        return int(self.labels.max()) + 1

    @property
    def right(self) -> tuple[int, ...]:
        """All right numbers of segments, the finest first."""
        return (self.k, *self.coarser)


Family = Callable[[np.random.Generator], Truth]
Sizes = Callable[[int, np.random.Generator], Floats]


def draw_k(rng: np.random.Generator, most: int = 8) -> int:
    """Draw a number of segments."""
    return int(rng.integers(2, most + 1))


def draw_d(rng: np.random.Generator, least: int = 2) -> int:
    """Draw a number of columns."""
    return int(rng.integers(least, 8))


def draw_n(rng: np.random.Generator, least: int = 0) -> int:
    """Draw a number of customers."""
    return int(rng.choice([size for size in SIZES if size >= least]))


def equal_shares(k: int, _: np.random.Generator) -> Floats:
    """Return equal shares of k segments."""
    return np.full(k, 1 / k)


def unequal_shares(rng: np.random.Generator, ratio: float) -> Sizes:
    """Return a function that draws shares up to a ratio apart."""
    ratio = float(rng.uniform(1, ratio))

    def shares(k: int, rng: np.random.Generator) -> Floats:
        raw = rng.uniform(1, ratio, size=k)
        return np.asarray(raw / raw.sum())

    return shares


def one_small_share(k: int, rng: np.random.Generator) -> Floats:
    """Draw shares of which the smallest is a tenth of the largest."""
    raw = rng.uniform(4, 10, size=k)
    raw[:2] = 1, 10
    return np.asarray(raw / raw.sum())


def draw_labels(rng: np.random.Generator, n: int, shares: Floats) -> Labels:
    """Draw the segment of each customer, at least five in each."""
    counts = np.maximum(np.round(shares * n), 5).astype(int)
    return (
        rng.permutation(np.repeat(np.arange(len(shares)), counts))[:n]
        if counts.sum() >= n
        else draw_labels(rng, n, shares * 1.01)
    )


def draw_centers(rng: np.random.Generator, k: int, d: int, gap: float) -> Floats:
    """Place centers at random, no two nearer than a gap, in as small a box as takes them."""
    side = gap * max(1.0, k ** (1 / d)) * 0.7
    while True:
        for _ in range(200):
            centers = rng.uniform(0, side, size=(k, d))
            apart = np.linalg.norm(centers[:, None] - centers, axis=2) + np.eye(k) * 1e9
            if apart.min() >= gap:
                return centers
        side *= 1.1


def draw_groups(  # noqa: PLR0913 - each family turns one of these
    rng: np.random.Generator,
    *,
    k: int,
    d: int,
    n: int | None = None,
    gap: float | None = None,
    sizes: Sizes = equal_shares,
    widths: tuple[float, float] = (1.0, 1.0),
    stretch: float = 1.0,
    freedom: float | None = None,
) -> Truth:
    """Draw groups around centers that are at least a gap apart."""
    n = n or draw_n(rng, least=25 * k)
    labels = draw_labels(rng, n, sizes(k, rng))
    centers = draw_centers(rng, k, d, gap or rng.uniform(3.0, 4.6))
    around = rng.normal(size=(len(labels), d))
    if freedom:
        around /= np.sqrt(rng.chisquare(freedom, size=(len(labels), 1)) / freedom)
    shapes = np.stack([draw_shape(rng, d, stretch) * rng.uniform(*widths) for _ in range(k)])
    return table_of(centers[labels] + np.einsum("nd,nde->ne", around, shapes[labels]), labels)


def draw_shape(rng: np.random.Generator, d: int, stretch: float) -> Floats:
    """Draw a matrix that turns a round cloud, and stretches it along its axes."""
    axes, _ = np.linalg.qr(rng.normal(size=(d, d)))
    lengths = (
        np.exp(rng.uniform(-np.log(stretch), np.log(stretch), size=d))
        if stretch > 1
        else np.ones(d)
    )
    return np.asarray(lengths[:, None] * axes)


def table_of(x: Floats, labels: Labels) -> Truth:
    """Build a table with the columns x1, x2, ..."""
    return named_table(x, labels, [f"x{i + 1}" for i in range(x.shape[1])])


def named_table(x: Floats, labels: Labels, names: list[str]) -> Truth:
    """Build a table with the named columns."""
    return Truth(table=pd.DataFrame(x, columns=names[: x.shape[1]]), labels=labels)


def one_segment(x: Floats) -> Truth:
    """Build a table without segments."""
    return table_of(x, np.zeros(len(x), dtype=np.int64))


def with_categories(rng: np.random.Generator, truth: Truth, telling: Mapping[str, float]) -> Truth:
    """Add categories, each of which reveals the segment of a share of the customers only."""
    table = truth.table.copy()
    for name, share in telling.items():
        n_values = int(rng.integers(2, 5))
        of_segment = rng.permutation(np.arange(truth.k) % n_values)
        at_random = rng.choice(n_values, size=len(table), p=rng.dirichlet(np.full(n_values, 5)))
        told = rng.random(len(table)) < share
        values = np.where(told, of_segment[truth.labels], at_random)
        table[name] = pd.Series([f"{name}_{value}" for value in values], dtype="str")
    return Truth(table=table, labels=truth.labels)
