"""What earlier releases have saved goes on.

Each leaves a file in tests/data/scorers, which is never changed.
"""

import json

import numpy as np
import pytest

from models.scoring import Scorer
from tests.support.paths import ROOT

KEPT = sorted((ROOT / "tests" / "data" / "scorers").glob("*.json"))
ANSWERED = ("index", "runner_up", "distance", "margin", "outlier")


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_scorer_of_an_earlier_release_gives_the_same_assignments(path):
    kept = json.loads(path.read_text())
    customers = kept["customers"]
    columns = {name: [customer[name] for customer in customers] for name in customers[0]}
    assigned = Scorer.from_bytes(json.dumps(kept["scorer"]).encode()).assign(
        columns, len(customers)
    )
    for name in ANSWERED:
        expected = np.array(kept["assigned"][name], dtype=np.float64)
        np.testing.assert_allclose(getattr(assigned, name), expected, rtol=1e-9, err_msg=name)
