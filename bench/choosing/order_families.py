"""Families of order tables: customers as the service computes them from transactions."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa

from bench.choosing.drawing import (
    Family,
    Floats,
    Labels,
    Truth,
    draw_labels,
    one_segment,
    unequal_shares,
)
from models.transactions import summarize_transactions
from models.transactions.columns import TransactionColumns

START: Final = date(2024, 1, 1).toordinal()
DAYS: Final = 730


def orders_of_one_kind(rng: np.random.Generator) -> Truth:
    """Nothing but customers of one kind: gamma or Pareto frequencies, amounts of one spread."""
    n = int(rng.choice([300, 800, 1500]))
    rates = (
        rng.gamma(rng.uniform(0.8, 4), size=n)
        if rng.random() < 1 / 2
        else rng.pareto(rng.uniform(1.3, 3), size=n) + 0.2
    )
    spend = rng.lognormal(0, rng.uniform(0, 0.6), size=n)
    return _customers(rng, rates / rates.mean() * rng.uniform(2, 9), spend, np.zeros(n, np.int64))


def dependent_columns(rng: np.random.Generator) -> Truth:
    """Nothing but one cloud, and columns computed from the others: sums, ratios, products."""
    n, d = int(rng.choice([300, 800, 1500])), int(rng.integers(2, 4))
    x = np.exp(rng.normal(size=(n, d)) * rng.uniform(0.4, 0.9) + 3)
    counts = rng.poisson(rng.gamma(2, 2, size=n)) + 1.0
    computed = [x.sum(axis=1), x[:, 0] / counts, x[:, 0] * counts, x[:, 1] / x[:, 0]]
    kept = rng.permutation(len(computed))[: int(rng.integers(1, 5))]
    columns = [*x.T, counts, *(computed[i] for i in kept)]
    return one_segment(np.round(np.column_stack(columns), 2))


def kinds_of_buyers(rng: np.random.Generator) -> Truth:
    """Two to four kinds of customers that order at different rates, amounts and times."""
    k, n = int(rng.integers(2, 5)), int(rng.choice([400, 800, 1500]))
    labels = draw_labels(rng, n, unequal_shares(rng, 2)(k, rng))
    rates = rng.permutation(np.geomspace(5, 5 * rng.uniform(2.5, 4) ** (k - 1), k))
    spend = rng.permutation(np.geomspace(1, rng.uniform(3, 5) ** (k - 1), k))
    of_customer = rates[labels] * rng.lognormal(0, 0.2, size=n)
    return _customers(rng, of_customer, spend[labels] * rng.lognormal(0, 0.2, size=n), labels)


def _customers(rng: np.random.Generator, rates: Floats, spend: Floats, labels: Labels) -> Truth:
    """Draw orders at each customer's rate, and compute the customers' columns."""
    counts = rng.poisson(rates)
    buyers = np.repeat(np.arange(len(rates)), counts)
    days = rng.integers(0, DAYS, size=len(buyers))
    amounts = np.round(30 * spend[buyers] * rng.lognormal(0, 0.6, size=len(buyers)), 2)
    raw = pa.table(
        {
            "customer": [f"C{buyer:05d}" for buyer in buyers],
            "date": [date.fromordinal(START + day).isoformat() for day in days.tolist()],
            "amount": amounts,
        }
    )
    recipe = TransactionColumns(customer="customer", date="date", amount="amount")
    table = summarize_transactions(raw, recipe).table.to_pandas().drop(columns="customer")
    _, labels = np.unique(labels[counts > 0], return_inverse=True)
    return Truth(table=table, labels=labels.astype(np.int64))


ORDER_STRUCTURED: Final[Mapping[str, Family]] = {kinds_of_buyers.__name__: kinds_of_buyers}
ORDER_UNSTRUCTURED: Final[Mapping[str, Family]] = {
    family.__name__: family for family in (orders_of_one_kind, dependent_columns)
}
