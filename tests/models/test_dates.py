"""Days as people write them, and columns of them as days before the newest."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.exploration import BadCells, Override, describe_columns, read_rows, typed_table
from models.exploration.dates import find_order, read_days

FORMS = {
    "%Y-%m-%d": "yyyy-mm-dd",
    "%Y/%m/%d %H:%M": "yyyy-mm-dd",
    "%Y-%m-%dT%H:%M:%S.123Z": "yyyy-mm-dd",
    "%d.%m.%Y": "dd/mm/yyyy",
    "%d/%m/%Y %H:%M:%S": "dd/mm/yyyy",
    "%m/%d/%Y": "mm/dd/yyyy",
    "%m-%d-%y %H:%M PM": "mm/dd/yyyy",
    "%d %b %Y": "yyyy-mm-dd",
    "%B %d, %Y": "yyyy-mm-dd",
}

days = st.dates(date(1970, 1, 1), date(2068, 12, 31))


def ordinal(day):
    return (day - date(1970, 1, 1)).days


def declared(values, **others):
    raw = pa.table({"since": values})
    description = describe_columns(raw, customer_id=None, overrides={"since": Override(kind="numeric", **others)})
    return description, typed_table(raw, description)["since"].to_pylist()


@settings(deadline=None)
@given(form=st.sampled_from(list(FORMS)), written=st.lists(days, min_size=1))
def test_a_day_is_read_in_every_common_form(form, written):
    texts = pa.array([day.strftime(form) for day in written])
    assert read_days(texts, FORMS[form]).values.to_pylist() == [ordinal(day) for day in written]


@settings(deadline=None)
@given(form=st.sampled_from(list(FORMS)), written=st.lists(days))
def test_the_whole_column_decides_whether_day_or_month_comes_first(form, written):
    texts = pa.array([day.strftime(form) for day in [*written, date(2024, 1, 31)]])
    assert find_order(texts) == (FORMS[form], None)


def test_where_nothing_tells_the_day_comes_first_and_the_choice_is_said():
    order, doubt = find_order(pa.array(["01/02/2024", "03/04/2024"]))
    assert (order, "the day is taken to" in doubt) == ("dd/mm/yyyy", True)


def test_with_dots_the_day_comes_first_without_a_doubt():
    assert find_order(pa.array(["01.02.2024", "3.4.2024"])) == ("dd/mm/yyyy", None)


@pytest.mark.parametrize("text", ["2023-02-29", "31.04.2024", "2024-13-01", "00/01/2024", "12", "soon", "2024-1-1-1"])
def test_what_is_no_day_of_the_calendar_is_wrong(text):
    assert read_days(pa.array([text]), "dd/mm/yyyy").wrong.all()


def test_a_leap_day_is_a_day():
    assert read_days(pa.array(["29.02.2024"]), "dd/mm/yyyy").values.to_pylist() == [ordinal(date(2024, 2, 29))]


def test_a_date_without_its_day_is_the_first_of_the_month():
    assert read_days(pa.array(["2024-03"]), "yyyy-mm-dd").values.to_pylist() == [ordinal(date(2024, 3, 1))]


def test_two_digits_mean_this_century_until_68():
    read = read_days(pa.array(["01.01.68", "01.01.69"]), "dd/mm/yyyy").values.to_pylist()
    assert read == [ordinal(date(2068, 1, 1)), ordinal(date(1969, 1, 1))]


@pytest.mark.parametrize("numbers", [pa.array([20240101, None]), pa.array([1.5, None])])
def test_numbers_are_no_dates(numbers):
    assert read_days(numbers, "yyyy-mm-dd").wrong.tolist() == [True, False]


def test_a_column_of_dates_is_ignored_and_the_warning_says_how_to_use_it():
    description = describe_columns(pa.table({"since": ["2024-01-31", "2024-02-01"]}), customer_id=None)
    assert '{"columns": {"since": {"kind": "numeric"}}}' in description.warnings[1]


def test_dates_declared_numeric_are_the_days_before_the_newest():
    description, values = declared(["2024-01-31", " 2024-02-29T23:59 ", None, ""])
    [column] = description.columns
    assert (column.kind, column.newest, column.numerals) == ("numeric", "2024-02-29", "yyyy-mm-dd")
    assert values == [29.0, 0.0, None, None]
    assert "the days from each of them to the newest" in description.warnings[1]


def test_no_warning_repeats_a_date():
    assert "2024" not in str(declared(["01/02/2024", "03/04/2024"])[0].warnings)


def test_a_cell_that_is_no_date_among_dates_is_refused_by_its_row():
    with pytest.raises(BadCells) as caught:
        declared([*("2024-01-31",) * 20, "soon"])
    assert [(cell.row, cell.detail) for cell in caught.value.cells] == [(21, "is not a date written like yyyy-mm-dd")]


def test_it_may_be_declared_missing():
    assert declared([*("2024-01-31",) * 20, "soon"], missing=("soon",))[1][-1] is None


def test_later_rows_count_from_the_same_day_in_the_same_order():
    columns = declared(["03/25/2024", "04/01/2024"])[0].columns
    table, errors = read_rows(pa.table({"since": ["03/31/2024", "04/02/2024", "25/03/2024", "7"]}), columns)
    assert table["since"].to_pylist() == [1.0, -1.0, None, None]
    assert [(error.row, error.detail) for error in errors] == [
        (3, "is not a date written like mm/dd/yyyy"),
        (4, "is not a date written like mm/dd/yyyy"),
    ]
