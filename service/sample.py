"""Synthetic sample dataset: mall customers in five groups, and their orders."""

import csv
from dataclasses import dataclass
from datetime import date
from io import StringIO

import httpx
import numpy as np
import numpy.typing as npt

NAME = "sample"
ORDERS = "sample-orders"
TREE = "sample-tree"
ORDERS_HEADER = ("CustomerID", "Date", "Amount")
HEADER = ("CustomerID", "Gender", "Age", "Annual Income (k$)", "Spending Score (1-100)")

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group of customers.

    Its share, and the mean and standard deviation of each numeric column.
    """

    share: float
    women: float
    age: tuple[float, float]
    income: tuple[float, float]
    score: tuple[float, float]


GROUPS = (
    Group(share=0.34, women=0.56, age=(45, 12), income=(58, 9), score=(50, 8)),
    Group(share=0.20, women=0.62, age=(26, 5), income=(29, 8), score=(77, 8)),
    Group(share=0.18, women=0.53, age=(34, 6), income=(94, 13), score=(79, 8)),
    Group(share=0.16, women=0.45, age=(42, 8), income=(97, 14), score=(22, 8)),
    Group(share=0.12, women=0.58, age=(53, 10), income=(30, 8), score=(23, 8)),
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Columns of the sample's customers, with the group of each."""

    group: Integers
    woman: npt.NDArray[np.bool_]
    age: Integers
    income: Integers
    score: Integers


def generate_sample(n_customers: int = 2000, seed: int = 7) -> str:
    """Generate the sample dataset as CSV text, deterministically."""
    sample = draw_sample(n_customers, seed)
    genders = ("Female" if woman else "Male" for woman in sample.woman)
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(
        zip(
            range(1, n_customers + 1), genders, sample.age, sample.income, sample.score, strict=True
        ),
    )
    return text.getvalue()


def generate_orders(n_orders: int = 8000, seed: int = 7) -> str:
    """Generate two years of orders of the sample's customers as CSV, with Pareto frequencies."""
    rng = np.random.default_rng(seed)
    frequency = rng.pareto(1.5, 1500) + 0.2
    customers = rng.choice(len(frequency), size=n_orders, p=frequency / frequency.sum()) + 1
    days = date(2024, 1, 1).toordinal() + np.sort(rng.integers(0, 731, n_orders))
    amounts = np.round(rng.lognormal(3.4, 0.7, n_orders), 2)
    lines = (
        f"{customer},{date.fromordinal(day)},{amount:.2f}"
        for customer, day, amount in zip(customers, days, amounts, strict=True)
    )
    return "\n".join([",".join(ORDERS_HEADER), *lines]) + "\n"


async def load_sample(client: httpx.AsyncClient) -> None:
    """Load the sample into a running service over HTTP.

    Creates the datasets `sample` and `sample-orders`, and fits the models `sample` by K-Means and
    `sample-tree` by hierarchical clustering.
    """
    csv_text = {"Content-Type": "text/csv"}
    table = await client.put(f"/v1/datasets/{NAME}", content=generate_sample(), headers=csv_text)
    table.raise_for_status()
    recipe = {
        "shape": "transactions",
        **dict(zip(("customer", "date", "amount"), ORDERS_HEADER, strict=True)),
    }
    orders = await client.put(
        f"/v1/datasets/{ORDERS}", content=generate_orders(), params=recipe, headers=csv_text
    )
    orders.raise_for_status()
    for name, algorithm in ((NAME, "kmeans"), (TREE, "hierarchical")):
        model = {"name": name, "dataset": NAME, "algorithm": {"name": algorithm}, "k": len(GROUPS)}
        fit = await client.post(
            "/v1/models",
            json={**model, "features": list(HEADER[3:])},
            headers={"Prefer": "wait=30"},
        )
        fit.raise_for_status()


def draw_sample(n_customers: int, seed: int) -> Sample:
    """Draw customers from the mixture of groups."""
    rng = np.random.default_rng(seed)
    group = rng.choice(len(GROUPS), size=n_customers, p=[each.share for each in GROUPS])
    return Sample(
        group=group,
        woman=rng.random(n_customers) < np.array([each.women for each in GROUPS])[group],
        age=_whole_numbers(rng, np.array([each.age for each in GROUPS])[group], 18, 75),
        income=_whole_numbers(rng, np.array([each.income for each in GROUPS])[group], 10, 150),
        score=_whole_numbers(rng, np.array([each.score for each in GROUPS])[group], 1, 100),
    )


def _whole_numbers(
    rng: np.random.Generator, mean_and_sd: npt.NDArray[np.float64], low: int, high: int
) -> Integers:
    drawn = rng.normal(mean_and_sd[:, 0], mean_and_sd[:, 1])
    return np.clip(np.rint(drawn), low, high).astype(np.int64)
