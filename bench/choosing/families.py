"""Customer tables with a known number of segments, by family.

Each a function of a random stream.
"""

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
    """A table, and the segment that each of its rows was drawn from."""

    table: pd.DataFrame
    labels: Labels

    @property
    def k(self) -> int:
        """The number of segments."""
        return int(self.labels.max()) + 1


Family = Callable[[np.random.Generator], Truth]


def round_segments(rng: np.random.Generator) -> Truth:
    """Equal, round, of one size."""
    return _drawn(rng, k=_k(rng), d=_d(rng))


def few_columns(rng: np.random.Generator) -> Truth:
    """Two columns, as in a scatter plot."""
    return _drawn(rng, k=_k(rng), d=2, sizes=_sizes(rng, 3))


def one_column(rng: np.random.Generator) -> Truth:
    """One column."""
    return _drawn(rng, k=_k(rng, most=5), d=1, sizes=_sizes(rng, 3))


def many_columns(rng: np.random.Generator) -> Truth:
    """Ten to sixteen columns."""
    return _drawn(
        rng, k=_k(rng), d=int(rng.integers(10, 17)), sizes=_sizes(rng, 3), gap=rng.uniform(3.4, 5.5)
    )


def one_small(rng: np.random.Generator) -> Truth:
    """One segment ten times smaller than the greatest."""
    return _drawn(
        rng,
        k=_k(rng, most=7),
        d=int(rng.integers(2, 5)),
        sizes=_with_one_small,
        n=_n(rng, least=400),
    )


def unequal_sizes(rng: np.random.Generator) -> Truth:
    """Sizes up to eight times apart."""
    return _drawn(rng, k=_k(rng), d=_d(rng), sizes=_sizes(rng, 8), n=_n(rng, least=300))


def unequal_widths(rng: np.random.Generator) -> Truth:
    """Widths up to two and a half times apart."""
    return _drawn(rng, k=_k(rng, most=7), d=_d(rng), widths=(0.6, 1.5), gap=rng.uniform(3.6, 5.4))


def stretched(rng: np.random.Generator) -> Truth:
    """Each stretched and turned in its own way."""
    return _drawn(
        rng, k=_k(rng, most=7), d=_d(rng), stretch=rng.uniform(1.5, 2.5), gap=rng.uniform(3.8, 6)
    )


def heavy_tails(rng: np.random.Generator) -> Truth:
    """With tails of Student's t."""
    return _drawn(
        rng, k=_k(rng, most=7), d=_d(rng), freedom=rng.uniform(4, 8), gap=rng.uniform(3.6, 5.4)
    )


def flat_segments(rng: np.random.Generator) -> Truth:
    """Each uniform in a box, with room between them."""
    k, d, n = _k(rng), _d(rng), _n(rng)
    labels = _labels(rng, n, _sizes(rng, 3)(k, rng))
    around = rng.uniform(-1.7, 1.7, size=(n, d))
    return _table(_centers(rng, k, d, rng.uniform(3.6, 5))[labels] + around, labels)


def unequal_units(rng: np.random.Generator) -> Truth:
    """Columns in units that differ by thousands."""
    truth = _drawn(rng, k=_k(rng), d=_d(rng), sizes=_sizes(rng, 3))
    return _table(
        truth.table.to_numpy() * 10 ** rng.uniform(-2, 4, size=truth.table.shape[1]), truth.labels
    )


def whole_numbers(rng: np.random.Generator) -> Truth:
    """Columns of whole numbers with few values, as from a questionnaire or a count."""
    truth = _drawn(rng, k=_k(rng, most=6), d=_d(rng, least=3))
    return _table(np.round(truth.table.to_numpy() * rng.uniform(1, 2)), truth.labels)


def skewed(rng: np.random.Generator) -> Truth:
    """Amounts: the exponential of round segments."""
    truth = _drawn(
        rng, k=_k(rng, most=7), d=_d(rng, least=3), sizes=_sizes(rng, 3), gap=rng.uniform(3.6, 5.4)
    )
    x = truth.table.to_numpy()
    return _table(
        np.exp(rng.uniform(0.4, 0.7) * x + rng.uniform(0, 3, size=x.shape[1])), truth.labels
    )


def useless_columns(rng: np.random.Generator) -> Truth:
    """Round segments beside columns that say nothing."""
    truth = _drawn(
        rng, k=_k(rng, most=7), d=_d(rng), sizes=_sizes(rng, 3), gap=rng.uniform(3.6, 5.4)
    )
    x = truth.table.to_numpy()
    shape = (len(x), int(rng.integers(1, 4)))
    useless = rng.normal(size=shape) if rng.random() < 0.6 else rng.uniform(size=shape)
    return _table(np.column_stack([x, useless * 3]), truth.labels)


def far_apart(rng: np.random.Generator) -> Truth:
    """Segments with much room between them, often beside columns that say next to nothing."""
    truth = _drawn(
        rng,
        k=_k(rng, most=6),
        d=int(rng.integers(1, 4)),
        sizes=_sizes(rng, 3),
        gap=rng.uniform(6, 40),
    )
    x = truth.table.to_numpy()
    hints = rng.uniform(0, 0.6, size=(truth.k, int(rng.integers(0, 4))))[truth.labels]
    return _table(np.column_stack([x, hints + rng.normal(size=hints.shape)]), truth.labels)


def unrelated_category(rng: np.random.Generator) -> Truth:
    """Round segments beside one or two categories that have nothing to do with them."""
    truth = _drawn(rng, k=_k(rng, most=7), d=_d(rng, least=2), sizes=_sizes(rng, 3))
    return _with_categories(
        rng, truth, {"group": 0.0, "region": 0.0} if rng.random() < 0.4 else {"group": 0.0}
    )


def telling_category(rng: np.random.Generator) -> Truth:
    """Segments that a category tells as well, beside one that does not."""
    truth = _drawn(rng, k=_k(rng, most=6), d=_d(rng, least=2), sizes=_sizes(rng, 3))
    return _with_categories(rng, truth, {"channel": rng.uniform(0.7, 0.95), "region": 0.0})


def two_by_category(rng: np.random.Generator) -> Truth:
    """Few segments, told by two columns and by two categories each."""
    truth = _drawn(rng, k=int(rng.integers(2, 5)), d=2, gap=rng.uniform(3, 4.5))
    return _with_categories(
        rng, truth, {"channel": rng.uniform(0.85, 0.97), "plan": rng.uniform(0.85, 0.97)}
    )


def strays(rng: np.random.Generator) -> Truth:
    """Up to five in a hundred customers belong nowhere."""
    truth = _drawn(rng, k=_k(rng, most=7), d=_d(rng), sizes=_sizes(rng, 2))
    x = truth.table.to_numpy().copy()
    astray = rng.random(len(x)) < rng.uniform(0.01, 0.05)
    x[astray] = x.mean(axis=0) + rng.normal(size=(astray.sum(), x.shape[1])) * x.std(axis=0) * 3
    return _table(x, truth.labels)


def recency_frequency_money(rng: np.random.Generator) -> Truth:
    """Recency in days, orders and money, as a shop knows them, each skewed; and often a channel."""
    k, n = int(rng.integers(2, 6)), _n(rng)
    labels = _labels(rng, n, _sizes(rng, 4)(k, rng))
    means = _centers(rng, k, 3, rng.uniform(2.6, 3.9)) * 0.45
    x = means[labels] + rng.normal(size=(n, 3)) * rng.uniform(0.38, 0.5, size=(k, 3))[labels]
    x = np.exp(x - means.mean(axis=0) + [3.3, 2.2, 4.0])
    x[:, 1] = np.maximum(1, np.round(x[:, 1]))
    truth = _named(x, labels, ["recency_days", "frequency", "monetary"])
    return (
        _with_categories(rng, truth, {"channel": rng.uniform(0, 0.7)})
        if rng.random() < 0.7
        else truth
    )


def shop_customers(rng: np.random.Generator) -> Truth:
    """As in a mall: income and spending fall into groups, age follows loosely, gender does not."""
    k, n = int(rng.integers(3, 7)), _n(rng)
    labels = _labels(rng, n, _sizes(rng, 3)(k, rng))
    centers = _centers(rng, k, 2, rng.uniform(3.2, 4.8))
    income, spending = (centers[labels] + rng.normal(size=(n, 2))).T
    age = rng.normal(size=k)[labels] * 6 + rng.gamma(6, 4, size=n) + 15
    columns = np.column_stack(
        [np.round(15 + 9 * income), np.round(10 + 8 * spending), np.round(age)]
    )
    truth = _named(columns[:, : int(rng.integers(2, 4))], labels, ["income", "spending", "age"])
    return _with_categories(rng, truth, {"gender": 0.0})


def many_segments(rng: np.random.Generator) -> Truth:
    """Eight to twelve segments."""
    return _drawn(
        rng,
        k=int(rng.integers(8, 13)),
        d=int(rng.integers(2, 6)),
        sizes=_sizes(rng, 3),
        n=_n(rng, least=800),
    )


def many_zeros(rng: np.random.Generator) -> Truth:
    """Buyers of different kinds of goods: most columns are zero for most segments."""
    k, n = int(rng.integers(3, 6)), _n(rng, least=300)
    labels = _labels(rng, n, _sizes(rng, 2)(k, rng))
    buys = rng.random((n, k)) < np.where(np.eye(k)[labels] > 0, 1.0, 0.01)
    return _table(np.round(buys * rng.lognormal(3, 0.4, size=(n, k)), 2), labels)


def gaps_in_the_data(rng: np.random.Generator) -> Truth:
    """Round segments where up to eight cells in a hundred are missing."""
    truth = _drawn(rng, k=_k(rng, most=6), d=_d(rng, least=3), gap=rng.uniform(3.6, 5.4))
    x = truth.table.to_numpy().copy()
    x[rng.random(x.shape) < rng.uniform(0.01, 0.08)] = np.nan
    return _table(x, truth.labels)


def one_bell(rng: np.random.Generator) -> Truth:
    """Nothing but one round cloud."""
    return _none(rng.normal(size=(_n(rng), _d(rng))))


def one_column_of_nothing(rng: np.random.Generator) -> Truth:
    """Nothing but one column: bell-shaped, even or skewed."""
    n = _n(rng)
    columns = (
        rng.normal(size=n),
        rng.uniform(size=n),
        rng.lognormal(3, 0.8, size=n),
        rng.gamma(4, size=n),
    )
    return _none(columns[rng.integers(len(columns))][:, None])


def one_stretched_bell(rng: np.random.Generator) -> Truth:
    """Nothing but correlated columns."""
    d = _d(rng)
    return _none(rng.normal(size=(_n(rng), d)) @ rng.normal(size=(d, d)))


def one_box(rng: np.random.Generator) -> Truth:
    """Nothing but independent, evenly spread columns."""
    return _none(rng.uniform(size=(_n(rng), _d(rng))))


def one_skewed(rng: np.random.Generator) -> Truth:
    """Nothing but independent amounts."""
    return _none(rng.lognormal(3, rng.uniform(0.5, 1.1), size=(_n(rng), _d(rng))))


def one_skewed_and_related(rng: np.random.Generator) -> Truth:
    """Nothing but amounts that grow together.

    Big customers and small ones, with no line between.
    """
    n, d = _n(rng), _d(rng, least=3)
    size = rng.normal(size=(n, 1)) * rng.uniform(0.5, 1.2)
    return _none(np.exp(3 + size + rng.normal(size=(n, d)) * rng.uniform(0.3, 0.8)))


def one_gamma(rng: np.random.Generator) -> Truth:
    """Nothing but moderately skewed columns, too little for a logarithm."""
    return _none(rng.gamma(rng.uniform(3, 12), size=(_n(rng), _d(rng))))


def one_with_tails(rng: np.random.Generator) -> Truth:
    """Nothing but one cloud with heavy tails."""
    n, d = _n(rng), _d(rng)
    return _none(rng.normal(size=(n, d)) / np.sqrt(rng.chisquare(5, size=(n, 1)) / 5))


def one_bend(rng: np.random.Generator) -> Truth:
    """Nothing but one bent continuum: as one column grows, another rises and falls."""
    n, d = _n(rng), _d(rng)
    t = rng.uniform(-1, 1, size=n)
    x = rng.normal(size=(n, d)) * rng.uniform(0.15, 0.4)
    x[:, 0] += t * 2
    x[:, -1] += t**2 * rng.uniform(0.3, 1.5)
    return _none(x)


def one_with_category(rng: np.random.Generator) -> Truth:
    """Nothing: a cloud, and categories that have nothing to do with it."""
    truth = _none(rng.normal(size=(_n(rng), _d(rng, least=2))))
    return _with_categories(
        rng, truth, {"channel": 0.0, "region": 0.0} if rng.random() < 0.5 else {"gender": 0.0}
    )


def one_of_whole_numbers(rng: np.random.Generator) -> Truth:
    """Nothing but counts and ages."""
    n = _n(rng)
    x = np.column_stack(
        [rng.poisson(4, n), np.round(rng.normal(40, 12, n)), np.round(rng.normal(60, 20, n))]
    )
    return _none(x[:, : int(rng.integers(2, 4))])


def one_shop(rng: np.random.Generator) -> Truth:
    """Nothing: recency, frequency and money of one kind of customer."""
    n = _n(rng)
    orders = rng.poisson(rng.gamma(2.5, 3, size=n)) + 1
    money = orders * rng.lognormal(3, 0.5, size=n)
    return _none(np.column_stack([rng.exponential(40, size=n), orders, money]))


STRUCTURED: Final[Mapping[str, Family]] = {
    family.__name__: family
    for family in (
        round_segments,
        few_columns,
        one_column,
        many_columns,
        one_small,
        unequal_sizes,
        unequal_widths,
        stretched,
        heavy_tails,
        flat_segments,
        unequal_units,
        whole_numbers,
        skewed,
        useless_columns,
        far_apart,
        unrelated_category,
        telling_category,
        two_by_category,
        strays,
        recency_frequency_money,
        shop_customers,
        many_segments,
        many_zeros,
        gaps_in_the_data,
    )
}
UNSTRUCTURED: Final[Mapping[str, Family]] = {
    family.__name__: family
    for family in (
        one_bell,
        one_column_of_nothing,
        one_stretched_bell,
        one_box,
        one_skewed,
        one_skewed_and_related,
        one_gamma,
        one_with_tails,
        one_bend,
        one_with_category,
        one_of_whole_numbers,
        one_shop,
    )
}

_Sizes = Callable[[int, np.random.Generator], Floats]


def _k(rng: np.random.Generator, most: int = 8) -> int:
    return int(rng.integers(2, most + 1))


def _d(rng: np.random.Generator, least: int = 2) -> int:
    return int(rng.integers(least, 8))


def _n(rng: np.random.Generator, least: int = 0) -> int:
    return int(rng.choice([size for size in SIZES if size >= least]))


def _equal(k: int, _: np.random.Generator) -> Floats:
    return np.full(k, 1 / k)


def _sizes(rng: np.random.Generator, ratio: float) -> _Sizes:
    """Give shares up to a ratio apart."""
    ratio = float(rng.uniform(1, ratio))

    def shares(k: int, rng: np.random.Generator) -> Floats:
        raw = rng.uniform(1, ratio, size=k)
        return np.asarray(raw / raw.sum())

    return shares


def _with_one_small(k: int, rng: np.random.Generator) -> Floats:
    raw = rng.uniform(4, 10, size=k)
    raw[:2] = 1, 10
    return np.asarray(raw / raw.sum())


def _labels(rng: np.random.Generator, n: int, shares: Floats) -> Labels:
    counts = np.maximum(np.round(shares * n), 5).astype(int)
    return (
        rng.permutation(np.repeat(np.arange(len(shares)), counts))[:n]
        if counts.sum() >= n
        else _labels(rng, n, shares * 1.01)
    )


def _centers(rng: np.random.Generator, k: int, d: int, gap: float) -> Floats:
    """Place centers at random, no two nearer than a gap, in as small a box as takes them."""
    side = gap * max(1.0, k ** (1 / d)) * 0.7
    while True:
        for _ in range(200):
            centers = rng.uniform(0, side, size=(k, d))
            apart = np.linalg.norm(centers[:, None] - centers, axis=2) + np.eye(k) * 1e9
            if apart.min() >= gap:
                return centers
        side *= 1.1


def _drawn(  # noqa: PLR0913 - each family turns one of these
    rng: np.random.Generator,
    *,
    k: int,
    d: int,
    n: int | None = None,
    gap: float | None = None,
    sizes: _Sizes = _equal,
    widths: tuple[float, float] = (1.0, 1.0),
    stretch: float = 1.0,
    freedom: float | None = None,
) -> Truth:
    n = n or _n(rng, least=25 * k)
    labels = _labels(rng, n, sizes(k, rng))
    centers = _centers(rng, k, d, gap or rng.uniform(3.0, 4.6))
    around = rng.normal(size=(len(labels), d))
    if freedom:
        around /= np.sqrt(rng.chisquare(freedom, size=(len(labels), 1)) / freedom)
    shapes = np.stack([_shape(rng, d, stretch) * rng.uniform(*widths) for _ in range(k)])
    return _table(centers[labels] + np.einsum("nd,nde->ne", around, shapes[labels]), labels)


def _shape(rng: np.random.Generator, d: int, stretch: float) -> Floats:
    axes, _ = np.linalg.qr(rng.normal(size=(d, d)))
    lengths = (
        np.exp(rng.uniform(-np.log(stretch), np.log(stretch), size=d))
        if stretch > 1
        else np.ones(d)
    )
    return np.asarray(lengths[:, None] * axes)


def _table(x: Floats, labels: Labels) -> Truth:
    return _named(x, labels, [f"x{i + 1}" for i in range(x.shape[1])])


def _named(x: Floats, labels: Labels, names: list[str]) -> Truth:
    return Truth(table=pd.DataFrame(x, columns=names[: x.shape[1]]), labels=labels)


def _none(x: Floats) -> Truth:
    return _table(x, np.zeros(len(x), dtype=np.int64))


def _with_categories(rng: np.random.Generator, truth: Truth, telling: Mapping[str, float]) -> Truth:
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
