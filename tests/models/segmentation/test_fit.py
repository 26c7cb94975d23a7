from typing import get_args

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import Pipeline

from models.algorithms import Algorithm, Hierarchical, KMeans
from models.errors import NothingToLearnFrom, TooFewCustomers, UnusableColumn
from models.features import Feature
from models.segmentation import fit

INCOME, SCORE, PLAN = (
    Feature(name="income (k$)", kind="numeric"),
    Feature(name="score__1", kind="numeric"),
    Feature(name="plan", kind="categorical"),
)
FEATURES = [INCOME, SCORE, PLAN]
every_algorithm = pytest.mark.parametrize(
    "algorithm", [kind() for kind in get_args(Algorithm)], ids=lambda a: a.name
)


def customers(n=240, seed=0):
    random = np.random.default_rng(seed)
    group = random.integers(0, 3, n)
    table = pd.DataFrame(
        {
            "income (k$)": random.lognormal(3 + group, 0.2),
            "score__1": random.normal(20 * group, 3),
            "plan": random.choice(["basic", "plus"], n),
        }
    )
    table.loc[3, "income (k$)"] = np.nan
    table.loc[5, "plan"] = None
    return table


@every_algorithm
def test_the_same_data_seed_and_parameters_give_the_same_segmentation(algorithm):
    one, two = (fit(customers(), FEATURES, algorithm, k=3, seed=7) for _ in range(2))
    assert one.scorer.to_bytes() == two.scorer.to_bytes()
    assert (one.labels == two.labels).all()
    assert one.metrics == two.metrics


@every_algorithm
@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_pipeline_predicts_the_segments_that_are_kept(algorithm, k):
    segmentation = fit(customers(), FEATURES, algorithm, k=k, seed=0)
    assert (segmentation.pipeline.predict(customers()) == segmentation.labels).all()


@every_algorithm
def test_progress_reports_five_stages_and_never_decreases(algorithm):
    heard = []
    fit(
        customers(),
        FEATURES,
        algorithm,
        k=2,
        seed=0,
        progress=lambda stage, done: heard.append((stage, done)),
    )
    assert list(dict(heard)) == ["preparing", "clustering", "compiling", "measuring", "replicating"]
    assert [done for _, done in heard] == sorted(done for _, done in heard)
    assert heard[-1][1] == 1.0


@every_algorithm
def test_more_segments_than_distinct_customers_are_refused(algorithm):
    twins = pd.concat([customers(4)] * 10, ignore_index=True)
    with pytest.raises(TooFewCustomers, match="4 distinct customers cannot form 5 segments"):
        fit(twins, [SCORE], algorithm, k=5, seed=0)


@every_algorithm
def test_customers_without_a_known_feature_belong_to_no_segment(algorithm):
    table = pd.concat([customers(), pd.DataFrame({"plan": [None]})], ignore_index=True)
    segmentation = fit(table, FEATURES, algorithm, k=3, seed=0)
    assert np.flatnonzero(segmentation.labels == -1).tolist() == [240]
    assert segmentation.warnings[0].startswith("1 customers have no known feature")


@every_algorithm
def test_a_later_version_inherits_resolved_settings(algorithm):
    first = fit(customers(), FEATURES, algorithm, k=3, seed=0)
    later = fit(customers(seed=1), first.features, algorithm, k=3, seed=0)
    assert later.features == first.features


def test_a_category_unknown_to_the_earlier_version_is_reported():
    inherited = fit(customers(), FEATURES, KMeans(), k=3, seed=0).features
    table = customers()
    table.loc[:1, "plan"] = "gold"
    assert "'plan' of 2 customers" in fit(table, inherited, KMeans(), k=3, seed=0).warnings[0]


def test_a_feature_that_most_customers_lack_is_warned_of():
    table = customers()
    table["gap"] = np.where(np.arange(len(table)) % 5 < 3, np.nan, np.arange(len(table)))
    found = fit(table, [*FEATURES, Feature(name="gap", kind="numeric")], KMeans(), k=2, seed=0)
    assert any(warning.startswith("'gap' (60 %) is missing for most") for warning in found.warnings)


def test_kmeans_agrees_with_scikit_learn_on_the_same_points():
    segmentation = fit(customers(), FEATURES, KMeans(), k=3, seed=0)
    points = segmentation.pipeline["prepare"].transform(customers())
    theirs = ScikitKMeans(3, n_init=10, random_state=0).fit(points).labels_
    assert adjusted_rand_score(theirs, segmentation.labels) == 1.0


def test_cuts_of_the_same_customers_nest():
    coarse, fine = (fit(customers(), FEATURES, Hierarchical(), k=k, seed=0).labels for k in (2, 6))
    assert len(set(zip(coarse, fine, strict=True))) == 6


def test_a_height_decides_how_many_segments_there_are():
    segmentation = fit(customers(), FEATURES, Hierarchical(distance=10.0), k=None, seed=0)
    assert segmentation.k == len(set(segmentation.labels)) > 1


def test_a_pipeline_is_made_of_public_classes_alone():
    pipeline = fit(customers(), FEATURES, KMeans(), k=3, seed=0).pipeline
    steps = [step for _, entry, _ in pipeline["prepare"].transformers_ for step in entry]
    modules = {type(step).__module__.split(".")[0] for step in [pipeline, *pipeline, *steps]}
    assert isinstance(pipeline, Pipeline)
    assert modules == {"sklearn"}


@pytest.mark.parametrize(("table", "features"), [(customers(), []), (customers()[:0], FEATURES)])
def test_an_empty_table_cannot_be_segmented(table, features):
    with pytest.raises(NothingToLearnFrom):
        fit(table, features, KMeans(), k=2, seed=0)


def test_a_feature_named_twice_is_refused():
    with pytest.raises(UnusableColumn, match="'plan' is named as a feature twice"):
        fit(customers(), [PLAN, PLAN], KMeans(), k=2, seed=0)


def test_an_error_without_a_message_has_its_docstring_as_message():
    assert str(NothingToLearnFrom()).startswith(
        "There is no feature, or no customer with a known feature"
    )
