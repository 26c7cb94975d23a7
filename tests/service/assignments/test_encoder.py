"""Many results are encoded in parts, which changes no result."""

import json

import numpy as np
import pytest

from models.scoring import Scorer
from models.scoring.features import NumericFeature
from service.assignments.encoder import PART_ROWS, encode_json
from service.assignments.inputs import CustomerBatch
from service.assignments.operations import LoadedVersion, assign_batch

SIZE = NumericFeature(
    name="size",
    position=0,
    impute=5.0,
    low=0.0,
    high=10.0,
    log=False,
    log_factor=None,
    center=0.0,
    scale=1.0,
    stretch=1.0,
)
VERSION = LoadedVersion(
    model="shop",
    version=1,
    scorer=Scorer(
        features=(SIZE,),
        centers=np.array([[2.0], [8.0]]),
        segment_of_center=np.arange(2),
        fences=np.full(2, np.inf),
    ),
    segments=[("seg_a", "small"), ("seg_b", "large")],
    id_columns=("id",),
    parsed_columns=[],
)


def encoded(cells):
    customers = CustomerBatch(columns={"size": cells}, n_rows=len(cells))
    batch = assign_batch(VERSION, customers, atomic=False, explain=False)
    return json.loads(encode_json(batch))


@pytest.mark.parametrize("n_customers", [PART_ROWS, PART_ROWS + 1, 3 * PART_ROWS])
def test_each_of_many_customers_has_one_result(n_customers):
    rejected = {row for row in range(1, n_customers + 1) if row % 2}
    cells = ["x" if row in rejected else row % 9 for row in range(1, n_customers + 1)]
    results = encoded(cells)
    assert {each["row"] for each in results["rejected"]} == rejected
    assert [each["row"] for each in results["assignments"]] == sorted(
        {*range(1, n_customers + 1)} - rejected
    )


def test_a_customer_among_many_has_the_result_that_it_has_among_few():
    cells = [row % 9 for row in range(2 * PART_ROWS)]
    assert encoded(cells)["assignments"][:9] == encoded(cells[:9])["assignments"]
