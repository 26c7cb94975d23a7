import csv
import subprocess
import sys
from io import StringIO

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from service.sample import GROUPS, draw_sample, generate_sample


def rows(**asked):
    return list(csv.DictReader(StringIO(generate_sample(**asked))))


def test_the_sample_has_the_columns_of_the_examples():
    assert list(rows(n_customers=1)[0]) == [
        "CustomerID",
        "Gender",
        "Age",
        "Annual Income (k$)",
        "Spending Score (1-100)",
    ]


def test_customers_are_numbered_from_one():
    assert [row["CustomerID"] for row in rows(n_customers=50)] == [
        str(number) for number in range(1, 51)
    ]


def test_the_same_seed_gives_the_same_text():
    assert generate_sample() == generate_sample()


def test_another_seed_gives_other_customers():
    assert generate_sample(seed=1) != generate_sample(seed=2)


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [("Age", 18, 75), ("Annual Income (k$)", 10, 150), ("Spending Score (1-100)", 1, 100)],
)
def test_numbers_are_whole_and_plausible(column, low, high):
    assert all(low <= int(row[column]) <= high for row in rows(n_customers=5000))


def test_genders_are_those_of_the_mall():
    assert {row["Gender"] for row in rows()} == {"Female", "Male"}


def test_no_customers_is_a_header_alone():
    assert generate_sample(0).count("\n") == 1


def test_the_shares_of_the_groups_add_up():
    assert sum(group.share for group in GROUPS) == pytest.approx(1)


@pytest.mark.parametrize("seed", [7, 8])
def test_kmeans_recovers_the_groups_from_income_and_score(seed):
    sample = draw_sample(2000, seed)
    points = StandardScaler().fit_transform(
        np.column_stack([sample.income, sample.score]).astype(float)
    )
    labels = KMeans(5, n_init=10, random_state=0).fit_predict(points)
    assert adjusted_rand_score(sample.group, labels) > 0.85


def test_generating_needs_no_learning_library():
    program = "import sys, service.sample; print({'pandas', 'sklearn', 'scipy'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)  # noqa: S603 - our own line
    assert ran.stdout.strip() == b"set()"
