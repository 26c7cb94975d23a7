"""Lookup files: the row of each customer without reading the table."""

import numpy as np
import pyarrow as pa
import pytest

from service.storage import open_storage
from service.stores import lookup
from service.stores.lookup import FEW, Lookup

IDS = ["b", "a", "Ä", "zz", "10", "9", "a/b", "", "straße", *(f"c{n}" for n in range(500))]


def lookup_of(tmp_path, ids) -> Lookup:
    files = open_storage(tmp_path)
    table = pa.table({"id": pa.array(ids, pa.string()), "x": np.arange(len(ids), dtype=float)})
    lookup.write(files, "table/_lookup/part.arrow", table)
    return Lookup.open(files, "table/_lookup/part.arrow")


@pytest.mark.parametrize("n_asked", [1, FEW, FEW + 1, 700])
@pytest.mark.parametrize("ids", [IDS, ["only"], []], ids=["many", "one", "none"])
def test_each_customer_is_found_in_its_row_and_others_are_not(tmp_path, ids, n_asked):
    found = lookup_of(tmp_path, ids)
    asked = [*ids, *(f"unknown{n}" for n in range(300)), "~", "c", "c0x"]
    rows = {each: row for row, each in enumerate(ids)}
    for start in range(0, len(asked), n_asked):
        some = asked[start : start + n_asked]
        assert found.find(some).tolist() == [rows.get(each, -1) for each in some]


def test_a_row_has_its_cells(tmp_path):
    assert lookup_of(tmp_path, IDS).row(3) == {"id": "zz", "x": 3.0}
