"""The whole path: customers in, segments out."""

import csv
from io import StringIO

import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from tests.support.steps import INCOME, SCORE, fit, place, put_csv

ALGORITHMS = [{"name": "kmeans"}, {"name": "hierarchical", "linkage": "ward"}]
BIG_SPENDER = {"CustomerID": 201, INCOME: 90, SCORE: 85}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_high_income_spender_of_the_sample_gets_the_matching_segment_name(
    sampled, name, algorithm
):
    fit(sampled, name, algorithm=algorithm)
    [assignment] = place(sampled, name, BIG_SPENDER)["assignments"]
    assert assignment["segment_name"] == "high income, high spending"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_high_income_spender_of_the_mall_gets_the_matching_segment_name(
    sampled, name, mall_csv, algorithm
):
    put_csv(sampled, name, mall_csv)
    fit(sampled, name, dataset=name, algorithm=algorithm)
    [assignment] = place(sampled, name, BIG_SPENDER)["assignments"]
    assert assignment["segment_name"] == "high income, high spending"


def test_the_mall_falls_into_the_five_groups_that_scikit_learn_finds(sampled, name, mall_csv):
    put_csv(sampled, name, mall_csv)
    fit(sampled, name, dataset=name)
    customers = list(csv.DictReader(StringIO(mall_csv)))
    placed = [each["segment"] for each in place(sampled, name, *customers)["assignments"]]
    points = StandardScaler().fit_transform(
        [[float(each[INCOME]), float(each[SCORE])] for each in customers]
    )
    found = KMeans(5, n_init=10, random_state=0).fit_predict(points)
    assert adjusted_rand_score(found, placed) == 1.0
