import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.cells import BadCell, category, identifier, identifiers, number, without_zero_fractions
from models.columns.cell_arrays import without_zero_fractions as columns_without_zero_fractions


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (12, 12.0),
        (1.5, 1.5),
        ("12", 12.0),
        (" 12.5 ", 12.5),
        ("-1e3", -1000.0),
        ("+.5", 0.5),
        ("5.", 5.0),
    ],
)
def test_a_number_or_a_decimal_string_is_a_number(cell, value):
    assert number(cell) == value


@pytest.mark.parametrize("read", [number, category, identifier])
@pytest.mark.parametrize("cell", [None, "", "  \t"])
def test_nothing_and_blank_are_missing(read, cell):
    assert read(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        True,
        False,
        math.nan,
        math.inf,
        -math.inf,
        "nan",
        "inf",
        "1_000",
        "0x1",
        "1,5",
        "1e999",
        "--1",
        "٣",
        10**400,
        [1],
        {},
    ],
)
def test_cells_other_than_finite_numbers_are_refused(cell):
    with pytest.raises(BadCell):
        number(cell)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" Male ", "Male"),
        (1, "1"),
        (1.0, "1"),
        (1.5, "1.5"),
        (-0.0, "0"),
        (True, "true"),
        (False, "false"),
        ("1.0", "1"),
        ("25.00", "25"),
        ("0001", "0001"),
        ("1.50", "1.50"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_a_category_has_one_spelling_in_every_format(cell, text):
    assert category(cell) == text


@pytest.mark.parametrize("cell", ["a\x00b", "a\x1fb", "\ud800", "\x85", [1], {}, math.nan, 10**300])
def test_a_category_that_cannot_be_stored_is_refused(cell):
    with pytest.raises(BadCell):
        category(cell)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("C-1", "C-1"),
        (" 0001 ", "0001"),
        (7, "7"),
        (-7, "-7"),
        ("x" * 256, "x" * 256),
        (17850.0, "17850"),
    ],
)
def test_a_string_or_an_integer_is_an_id(cell, text):
    assert identifier(cell) == text


@pytest.mark.parametrize(
    "cell", [True, 1.5, 2.0**53, ".", "..", "a\tb", "a\nb", "\ud800", "x" * 257, 10**256, [1]]
)
def test_invalid_ids_are_refused(cell):
    with pytest.raises(BadCell):
        identifier(cell)


@settings(deadline=None)
@given(st.text())
def test_a_category_read_again_stays_the_same(text):
    try:
        once = category(text)
    except BadCell:
        return
    assert category(once) == once


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_being_written_as_text(value):
    assert number(repr(value)) == value


@settings(deadline=None)
@given(st.text(min_size=1))
def test_a_refusal_never_repeats_the_value(text):
    secret = f"x{text}secret"
    with pytest.raises(BadCell) as refusal:
        number(secret)
    assert "secret" not in str(refusal.value)


@settings(deadline=None)
@given(
    st.lists(
        st.none()
        | st.integers()
        | st.text(max_size=5)
        | st.sampled_from(
            [".", " a ", "x" * 257, -(10**255), 10**255, 10**256, 10**5000, True, 1.5, "a\x00"]
        )
    )
)
def test_ids_are_read_at_once_as_one_by_one_or_not_at_all(cells):
    def read(cell):
        try:
            return identifier(cell)
        except BadCell:
            return "bad"

    together = identifiers(cells)
    assert together is None or together == list(map(read, cells))


@pytest.mark.parametrize("cell", ["True", "TRUE", "true", " True ", True])
def test_a_boolean_is_one_category_however_it_is_written(cell):
    assert category(cell) == "true"


@pytest.mark.parametrize(
    ("ids", "read"),
    [
        (["17850.0", None, "x"], ["17850", None, "x"]),
        (["-3.00", "0.0"], ["-3", "0"]),
        (["1.0", "1.5"], ["1.0", "1.5"]),
        (["007.0", "9007199254740991.0"], ["007.0", "9007199254740991"]),
        (["9007199254740992.0", "1.0"], ["9007199254740992.0", "1.0"]),
        ([], []),
    ],
)
def test_ids_written_as_floats_are_integers_if_all_decimals_are(ids, read):
    assert without_zero_fractions(ids) == read
    assert columns_without_zero_fractions(pa.array(ids, pa.string())).to_pylist() == read
