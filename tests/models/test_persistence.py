import subprocess
import sys
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from models.algorithms import Algorithm, KMeans
from models.errors import ArtifactFromAnotherRelease
from models.features import Feature
from models.persistence import dump, library_versions, load
from models.segmentation import fit

FEATURES = [
    Feature(name="income", kind="numeric"),
    Feature(name="spent", kind="numeric", log=True),
    Feature(name="plan", kind="categorical"),
]
ALGORITHMS = [kind() for kind in get_args(Algorithm)]
every_algorithm = pytest.mark.parametrize(
    "algorithm", ALGORITHMS, ids=lambda algorithm: algorithm.name
)

ELSEWHERE = """
import importlib.util, sys
assert importlib.util.find_spec("models") is None
import joblib, pandas
table = pandas.read_csv("customers.csv")
for path in sys.argv[1:]:
    print(*joblib.load(path).predict(table))
"""


@pytest.fixture(scope="module")
def customers():
    random = np.random.default_rng(4)
    table = pd.DataFrame(
        {
            "income": random.lognormal(3, 1, 120),
            "spent": random.poisson(2, 120).astype(float),
            "plan": random.choice(["basic", "plus"], 120),
        }
    )
    table.loc[:5, "plan"] = None
    table.loc[3:9, "income"] = np.nan
    return table


@every_algorithm
def test_saving_and_loading_changes_no_assignment(algorithm, customers):
    segmentation = fit(customers, FEATURES, algorithm, k=3, seed=0)
    loaded = load(dump(segmentation.pipeline), library_versions())
    assert (loaded.predict(customers) == segmentation.labels).all()


@pytest.mark.slow
def test_a_model_file_needs_nothing_of_ours(customers, tmp_path):
    fitted = [fit(customers, FEATURES, algorithm, k=3, seed=0) for algorithm in ALGORITHMS]
    for segmentation in fitted:
        (tmp_path / segmentation.algorithm.name).write_bytes(dump(segmentation.pipeline))
    customers.to_csv(tmp_path / "customers.csv", index=False)
    command = [sys.executable, "-I", "-c", ELSEWHERE, *(algorithm.name for algorithm in ALGORITHMS)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    said = [[int(label) for label in line.split()] for line in done.stdout.splitlines()]
    assert said == [segmentation.labels.tolist() for segmentation in fitted]


def test_the_same_pipeline_gives_the_same_file(customers):
    one, two = (dump(fit(customers, FEATURES, KMeans(), k=3, seed=0).pipeline) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("library", ["scikit-learn", "numpy", "joblib"])
def test_a_file_of_another_release_is_refused_before_it_is_loaded(library):
    with pytest.raises(ArtifactFromAnotherRelease, match=f"{library} 0.1, here"):
        load(b"never read", library_versions() | {library: "0.1"})


def test_a_file_that_lies_about_its_release_is_refused(customers):
    data = dump(fit(customers, FEATURES, KMeans(), k=2, seed=0).pipeline)
    here = library_versions()["scikit-learn"].encode()
    with pytest.raises(ArtifactFromAnotherRelease):
        load(data.replace(here, b"0" * len(here)), library_versions())
