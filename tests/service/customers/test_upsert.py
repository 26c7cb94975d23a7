"""An upsert laid over a table."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from service.datasets.merge import last_of_each, merge_tables

STORED = pa.table({"id": ["a", "b", "c"], "Age": [1.0, 2.0, None], "City": ["x", None, "z"]})

ids = st.sampled_from("abcdefgh")
cells = st.none() | st.floats(0, 9)
rows = st.dictionaries(ids, st.dictionaries(st.sampled_from(["Age", "Income"]), cells))


def table_of(rows):
    columns = {
        name: pa.array([row.get(name) for row in rows.values()], pa.float64())
        for name in ("Age", "Income")
    }
    return pa.table({"id": pa.array(list(rows), pa.string()), **columns})


def presence_of(rows):
    return {
        name: np.array([name in row for row in rows.values()], bool) for name in ("Age", "Income")
    }


def test_a_present_cell_replaces_and_an_absent_column_keeps():
    merged = merge_tables(STORED, pa.table({"id": ["b"], "Age": [9.0]}), key="id")
    assert merged.to_pylist()[1] == {"id": "b", "Age": 9.0, "City": None}


def test_an_empty_cell_clears():
    merged = merge_tables(
        STORED, pa.table({"id": ["a"], "City": pa.array([None], pa.string())}), key="id"
    )
    assert merged["City"].to_pylist() == [None, None, "z"]


def test_a_row_that_lacks_a_field_keeps_its_cell_though_another_row_has_it():
    patch = pa.table({"id": ["a", "b"], "Age": [None, 7.0]})
    merged = merge_tables(STORED, patch, key="id", present={"Age": np.array([False, True])})
    assert merged["Age"].to_pylist() == [1.0, 7.0, None]


def test_a_new_customer_is_appended():
    merged = merge_tables(STORED, pa.table({"id": ["d", "a"], "Age": [4.0, 5.0]}), key="id")
    assert merged["id"].to_pylist() == ["a", "b", "c", "d"]


def test_a_new_column_is_empty_for_all_others():
    merged = merge_tables(STORED, pa.table({"id": ["c"], "Income": [3.0]}), key="id")
    assert merged["Income"].to_pylist() == [None, None, 3.0]


@given(rows, rows)
def test_merging_is_updating_each_customer_by_the_fields_that_its_row_carries(stored, patch):
    merged = merge_tables(table_of(stored), table_of(patch), key="id", present=presence_of(patch))
    expected = {key: stored.get(key, {}) | patch.get(key, {}) for key in [*stored, *patch]}
    assert merged.equals(table_of(expected))


@given(st.lists(st.tuples(ids, st.floats(0, 9))))
def test_the_last_row_of_each_customer_wins(pairs):
    table = pa.table(
        {"id": pa.array([key for key, _ in pairs], pa.string()), "x": [x for _, x in pairs]}
    )
    kept, superseded = last_of_each(table, "id")
    assert dict(zip(kept["id"].to_pylist(), kept["x"].to_pylist(), strict=True)) == dict(pairs)
    assert kept.num_rows + superseded.sum() == len(pairs)
