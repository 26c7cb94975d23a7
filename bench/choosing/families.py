"""Customer tables with a known number of segments, by family.

Each a function of a random stream.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from bench.choosing.drawing import (
    Family,
    Truth,
    draw_centers,
    draw_d,
    draw_groups,
    draw_k,
    draw_labels,
    draw_n,
    named_table,
    one_segment,
    one_small_share,
    table_of,
    unequal_shares,
    with_categories,
)


def round_segments(rng: np.random.Generator) -> Truth:
    """Equal, round, of one size."""
    return draw_groups(rng, k=draw_k(rng), d=draw_d(rng))


def few_columns(rng: np.random.Generator) -> Truth:
    """Two columns, as in a scatter plot."""
    return draw_groups(rng, k=draw_k(rng), d=2, sizes=unequal_shares(rng, 3))


def one_column(rng: np.random.Generator) -> Truth:
    """One column."""
    return draw_groups(rng, k=draw_k(rng, most=5), d=1, sizes=unequal_shares(rng, 3))


def many_columns(rng: np.random.Generator) -> Truth:
    """Ten to sixteen columns."""
    return draw_groups(
        rng,
        k=draw_k(rng),
        d=int(rng.integers(10, 17)),
        sizes=unequal_shares(rng, 3),
        gap=rng.uniform(3.4, 5.5),
    )


def one_small(rng: np.random.Generator) -> Truth:
    """One segment ten times smaller than the greatest."""
    return draw_groups(
        rng,
        k=draw_k(rng, most=7),
        d=int(rng.integers(2, 5)),
        sizes=one_small_share,
        n=draw_n(rng, least=400),
    )


def unequal_sizes(rng: np.random.Generator) -> Truth:
    """Sizes up to eight times apart."""
    return draw_groups(
        rng, k=draw_k(rng), d=draw_d(rng), sizes=unequal_shares(rng, 8), n=draw_n(rng, least=300)
    )


def unequal_widths(rng: np.random.Generator) -> Truth:
    """Widths up to two and a half times apart."""
    return draw_groups(
        rng, k=draw_k(rng, most=7), d=draw_d(rng), widths=(0.6, 1.5), gap=rng.uniform(3.6, 5.4)
    )


def stretched(rng: np.random.Generator) -> Truth:
    """Each stretched and turned in its own way."""
    return draw_groups(
        rng,
        k=draw_k(rng, most=7),
        d=draw_d(rng),
        stretch=rng.uniform(1.5, 2.5),
        gap=rng.uniform(3.8, 6),
    )


def heavy_tails(rng: np.random.Generator) -> Truth:
    """With tails of Student's t."""
    return draw_groups(
        rng,
        k=draw_k(rng, most=7),
        d=draw_d(rng),
        freedom=rng.uniform(4, 8),
        gap=rng.uniform(3.6, 5.4),
    )


def flat_segments(rng: np.random.Generator) -> Truth:
    """Each uniform in a box, with room between them."""
    k, d, n = draw_k(rng), draw_d(rng), draw_n(rng)
    labels = draw_labels(rng, n, unequal_shares(rng, 3)(k, rng))
    around = rng.uniform(-1.7, 1.7, size=(n, d))
    return table_of(draw_centers(rng, k, d, rng.uniform(3.6, 5))[labels] + around, labels)


def unequal_units(rng: np.random.Generator) -> Truth:
    """Columns in units that differ by thousands."""
    truth = draw_groups(rng, k=draw_k(rng), d=draw_d(rng), sizes=unequal_shares(rng, 3))
    return table_of(
        truth.table.to_numpy() * 10 ** rng.uniform(-2, 4, size=truth.table.shape[1]), truth.labels
    )


def whole_numbers(rng: np.random.Generator) -> Truth:
    """Columns of whole numbers with few values, as from a questionnaire or a count."""
    truth = draw_groups(rng, k=draw_k(rng, most=6), d=draw_d(rng, least=3))
    return table_of(np.round(truth.table.to_numpy() * rng.uniform(1, 2)), truth.labels)


def skewed(rng: np.random.Generator) -> Truth:
    """Amounts: the exponential of round segments."""
    truth = draw_groups(
        rng,
        k=draw_k(rng, most=7),
        d=draw_d(rng, least=3),
        sizes=unequal_shares(rng, 3),
        gap=rng.uniform(3.6, 5.4),
    )
    x = truth.table.to_numpy()
    return table_of(
        np.exp(rng.uniform(0.4, 0.7) * x + rng.uniform(0, 3, size=x.shape[1])), truth.labels
    )


def useless_columns(rng: np.random.Generator) -> Truth:
    """Round segments beside columns that say nothing."""
    truth = draw_groups(
        rng,
        k=draw_k(rng, most=7),
        d=draw_d(rng),
        sizes=unequal_shares(rng, 3),
        gap=rng.uniform(3.6, 5.4),
    )
    x = truth.table.to_numpy()
    shape = (len(x), int(rng.integers(1, 4)))
    useless = rng.normal(size=shape) if rng.random() < 0.6 else rng.uniform(size=shape)
    return table_of(np.column_stack([x, useless * 3]), truth.labels)


def far_apart(rng: np.random.Generator) -> Truth:
    """Segments with much room between them, often beside columns that say next to nothing."""
    truth = draw_groups(
        rng,
        k=draw_k(rng, most=6),
        d=int(rng.integers(1, 4)),
        sizes=unequal_shares(rng, 3),
        gap=rng.uniform(6, 40),
    )
    x = truth.table.to_numpy()
    hints = rng.uniform(0, 0.6, size=(truth.k, int(rng.integers(0, 4))))[truth.labels]
    return table_of(np.column_stack([x, hints + rng.normal(size=hints.shape)]), truth.labels)


def unrelated_category(rng: np.random.Generator) -> Truth:
    """Round segments beside one or two categories that have nothing to do with them."""
    truth = draw_groups(
        rng, k=draw_k(rng, most=7), d=draw_d(rng, least=2), sizes=unequal_shares(rng, 3)
    )
    return with_categories(
        rng, truth, {"group": 0.0, "region": 0.0} if rng.random() < 0.4 else {"group": 0.0}
    )


def telling_category(rng: np.random.Generator) -> Truth:
    """Segments that a category tells as well, beside one that does not."""
    truth = draw_groups(
        rng, k=draw_k(rng, most=6), d=draw_d(rng, least=2), sizes=unequal_shares(rng, 3)
    )
    return with_categories(rng, truth, {"channel": rng.uniform(0.7, 0.95), "region": 0.0})


def two_by_category(rng: np.random.Generator) -> Truth:
    """Few segments, told by two columns and by two categories each."""
    truth = draw_groups(rng, k=int(rng.integers(2, 5)), d=2, gap=rng.uniform(3, 4.5))
    return with_categories(
        rng, truth, {"channel": rng.uniform(0.85, 0.97), "plan": rng.uniform(0.85, 0.97)}
    )


def strays(rng: np.random.Generator) -> Truth:
    """Up to five in a hundred customers belong nowhere."""
    truth = draw_groups(rng, k=draw_k(rng, most=7), d=draw_d(rng), sizes=unequal_shares(rng, 2))
    x = truth.table.to_numpy().copy()
    astray = rng.random(len(x)) < rng.uniform(0.01, 0.05)
    x[astray] = x.mean(axis=0) + rng.normal(size=(astray.sum(), x.shape[1])) * x.std(axis=0) * 3
    return table_of(x, truth.labels)


def recency_frequency_money(rng: np.random.Generator) -> Truth:
    """Recency in days, orders and money, as a shop knows them, each skewed; and often a channel."""
    k, n = int(rng.integers(2, 6)), draw_n(rng)
    labels = draw_labels(rng, n, unequal_shares(rng, 4)(k, rng))
    means = draw_centers(rng, k, 3, rng.uniform(2.6, 3.9)) * 0.45
    x = means[labels] + rng.normal(size=(n, 3)) * rng.uniform(0.38, 0.5, size=(k, 3))[labels]
    x = np.exp(x - means.mean(axis=0) + [3.3, 2.2, 4.0])
    x[:, 1] = np.maximum(1, np.round(x[:, 1]))
    truth = named_table(x, labels, ["recency_days", "frequency", "monetary"])
    return (
        with_categories(rng, truth, {"channel": rng.uniform(0, 0.7)})
        if rng.random() < 0.7
        else truth
    )


def shop_customers(rng: np.random.Generator) -> Truth:
    """As in a mall: income and spending fall into groups, age follows loosely, gender does not."""
    k, n = int(rng.integers(3, 7)), draw_n(rng)
    labels = draw_labels(rng, n, unequal_shares(rng, 3)(k, rng))
    centers = draw_centers(rng, k, 2, rng.uniform(3.2, 4.8))
    income, spending = (centers[labels] + rng.normal(size=(n, 2))).T
    age = rng.normal(size=k)[labels] * 6 + rng.gamma(6, 4, size=n) + 15
    columns = np.column_stack(
        [np.round(15 + 9 * income), np.round(10 + 8 * spending), np.round(age)]
    )
    truth = named_table(
        columns[:, : int(rng.integers(2, 4))], labels, ["income", "spending", "age"]
    )
    return with_categories(rng, truth, {"gender": 0.0})


def many_segments(rng: np.random.Generator) -> Truth:
    """Eight to twelve segments."""
    return draw_groups(
        rng,
        k=int(rng.integers(8, 13)),
        d=int(rng.integers(2, 6)),
        sizes=unequal_shares(rng, 3),
        n=draw_n(rng, least=800),
    )


def many_zeros(rng: np.random.Generator) -> Truth:
    """Buyers of different kinds of goods: most columns are zero for most segments."""
    k, n = int(rng.integers(3, 6)), draw_n(rng, least=300)
    labels = draw_labels(rng, n, unequal_shares(rng, 2)(k, rng))
    buys = rng.random((n, k)) < np.where(np.eye(k)[labels] > 0, 1.0, 0.01)
    return table_of(np.round(buys * rng.lognormal(3, 0.4, size=(n, k)), 2), labels)


def gaps_in_the_data(rng: np.random.Generator) -> Truth:
    """Round segments where up to eight cells in a hundred are missing."""
    truth = draw_groups(
        rng, k=draw_k(rng, most=6), d=draw_d(rng, least=3), gap=rng.uniform(3.6, 5.4)
    )
    x = truth.table.to_numpy().copy()
    x[rng.random(x.shape) < rng.uniform(0.01, 0.08)] = np.nan
    return table_of(x, truth.labels)


def one_bell(rng: np.random.Generator) -> Truth:
    """Nothing but one round cloud."""
    return one_segment(rng.normal(size=(draw_n(rng), draw_d(rng))))


def one_column_of_nothing(rng: np.random.Generator) -> Truth:
    """Nothing but one column: bell-shaped, even or skewed."""
    n = draw_n(rng)
    columns = (
        rng.normal(size=n),
        rng.uniform(size=n),
        rng.lognormal(3, 0.8, size=n),
        rng.gamma(4, size=n),
    )
    return one_segment(columns[rng.integers(len(columns))][:, None])


def one_stretched_bell(rng: np.random.Generator) -> Truth:
    """Nothing but correlated columns."""
    d = draw_d(rng)
    return one_segment(rng.normal(size=(draw_n(rng), d)) @ rng.normal(size=(d, d)))


def one_box(rng: np.random.Generator) -> Truth:
    """Nothing but independent, evenly spread columns."""
    return one_segment(rng.uniform(size=(draw_n(rng), draw_d(rng))))


def one_skewed(rng: np.random.Generator) -> Truth:
    """Nothing but independent amounts."""
    return one_segment(rng.lognormal(3, rng.uniform(0.5, 1.1), size=(draw_n(rng), draw_d(rng))))


def one_skewed_and_related(rng: np.random.Generator) -> Truth:
    """Nothing but amounts that grow together.

    Big customers and small ones, with no line between.
    """
    n, d = draw_n(rng), draw_d(rng, least=3)
    size = rng.normal(size=(n, 1)) * rng.uniform(0.5, 1.2)
    return one_segment(np.exp(3 + size + rng.normal(size=(n, d)) * rng.uniform(0.3, 0.8)))


def one_gamma(rng: np.random.Generator) -> Truth:
    """Nothing but moderately skewed columns, too little for a logarithm."""
    return one_segment(rng.gamma(rng.uniform(3, 12), size=(draw_n(rng), draw_d(rng))))


def one_with_tails(rng: np.random.Generator) -> Truth:
    """Nothing but one cloud with heavy tails."""
    n, d = draw_n(rng), draw_d(rng)
    return one_segment(rng.normal(size=(n, d)) / np.sqrt(rng.chisquare(5, size=(n, 1)) / 5))


def one_bend(rng: np.random.Generator) -> Truth:
    """Nothing but one bent continuum: as one column grows, another rises and falls."""
    n, d = draw_n(rng), draw_d(rng)
    t = rng.uniform(-1, 1, size=n)
    x = rng.normal(size=(n, d)) * rng.uniform(0.15, 0.4)
    x[:, 0] += t * 2
    x[:, -1] += t**2 * rng.uniform(0.3, 1.5)
    return one_segment(x)


def one_with_category(rng: np.random.Generator) -> Truth:
    """Nothing: a cloud, and categories that have nothing to do with it."""
    truth = one_segment(rng.normal(size=(draw_n(rng), draw_d(rng, least=2))))
    return with_categories(
        rng, truth, {"channel": 0.0, "region": 0.0} if rng.random() < 0.5 else {"gender": 0.0}
    )


def one_of_whole_numbers(rng: np.random.Generator) -> Truth:
    """Nothing but counts and ages."""
    n = draw_n(rng)
    x = np.column_stack(
        [rng.poisson(4, n), np.round(rng.normal(40, 12, n)), np.round(rng.normal(60, 20, n))]
    )
    return one_segment(x[:, : int(rng.integers(2, 4))])


def one_shop(rng: np.random.Generator) -> Truth:
    """Nothing: recency, frequency and money of one kind of customer."""
    n = draw_n(rng)
    orders = rng.poisson(rng.gamma(2.5, 3, size=n)) + 1
    money = orders * rng.lognormal(3, 0.5, size=n)
    return one_segment(np.column_stack([rng.exponential(40, size=n), orders, money]))


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
