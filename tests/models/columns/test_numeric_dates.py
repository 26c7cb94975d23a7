"""Days that are written as numbers are asked about, and read as days where they are declared."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from models.columns import BadCells, Override, apply_schema, infer_schema, read_rows
from models.columns.numeric_dates import SERIALS

DAYS = [date(2015, 3, 1) + timedelta(days=37 * n) for n in range(60)]
MONTHS = [day.replace(day=1) for day in DAYS]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def written(form, day=None):
    if day is None:
        return [written(form, day) for day in DAYS]
    if form == "yyyymmdd":
        return int(day.strftime("%Y%m%d"))
    if form == "yyyymm":
        return int(day.strftime("%Y%m"))
    if form == "excel days":
        return (day - date(1899, 12, 30)).days
    unit = {
        "unix seconds": 1,
        "unix milliseconds": 1000,
        "unix microseconds": 10**6,
        "unix nanoseconds": 10**9,
    }[form]
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return int((noon - EPOCH).total_seconds()) * unit


def described(values, name="joined", **overrides):
    raw = pa.table({name: values, "spent": np.linspace(5, 90, len(values))})
    return raw, infer_schema(raw, customer_id=None, overrides=overrides)


@pytest.mark.parametrize("form", SERIALS)
@pytest.mark.parametrize("cell", [int, str, float])
def test_numbers_that_look_like_days_are_ignored_and_each_reading_is_proposed(form, cell):
    column = described([cell(number) for number in written(form)])[1].columns[0]
    assert (column.kind, column.reason) == ("ignored", "date")
    assert (
        f'{{"columns": {{"joined": {{"kind": "numeric", "numerals": "{form}"}}}}}}'
        in column.doubts[0]
    )
    assert '{"columns": {"joined": {"kind": "numeric"}}}' in column.doubts[0]


@pytest.mark.parametrize("form", SERIALS)
@pytest.mark.parametrize("cell", [int, str])
def test_declared_days_are_the_days_to_the_newest(form, cell):
    raw, found = described(
        [cell(number) for number in written(form)], joined=Override(kind="numeric", numerals=form)
    )
    days = MONTHS if form == "yyyymm" else DAYS
    assert apply_schema(raw, found)["joined"].to_pylist() == [(days[-1] - day).days for day in days]


@pytest.mark.parametrize("form", SERIALS)
def test_declared_amounts_are_the_numbers_themselves(form):
    raw, found = described(written(form), joined=Override(kind="numeric"))
    assert apply_schema(raw, found)["joined"].to_pylist() == written(form)


@pytest.mark.parametrize("form", SERIALS)
def test_later_days_count_from_the_same_day(form):
    _, found = described(written(form), joined=Override(numerals=form))
    days = MONTHS if form == "yyyymm" else DAYS
    later = [written(form, days[-1] + timedelta(days=28)), written(form, days[0])]
    table, errors = read_rows(pa.table({"joined": later}), found.columns)
    assert (table["joined"].to_pylist(), errors) == ([-28.0, float((days[-1] - days[0]).days)], [])


def test_a_number_that_is_no_day_is_refused_by_its_row():
    with pytest.raises(BadCells) as caught:
        described([20240131, 20240230, 20240301], joined=Override(numerals="yyyymmdd"))
    assert [(cell.row, cell.detail) for cell in caught.value.cells] == [
        (2, "is not a date written like yyyymmdd")
    ]


def test_numbers_of_any_size_are_no_months():
    assert described([0.0, 1.8e306])[1].columns[0].kind == "numeric"
    with pytest.raises(BadCells):
        described([201601, 1.8e306], joined=Override(numerals="yyyymm"))


def test_a_few_numbers_that_are_no_days_do_not_hide_the_others():
    assert described([*written("yyyymmdd"), 99999999, 0])[1].columns[0].reason == "date"


@pytest.mark.parametrize(
    ("header", "numbers"),
    [
        ("income", np.arange(36_600, 51_000, 240)),
        ("v", np.arange(36_600, 51_000, 241)),
        ("revenue", np.arange(1_400_000_000, 1_500_000_000, 1_700_003)),
        ("Year_Birth", np.arange(1940, 2000)),
        ("v", np.arange(20_100_000, 20_200_000, 1_733)),
        ("v", np.arange(201_500, 202_400, 17)),
        ("income", np.arange(201_501, 201_512)),
        ("days_since_last_order", np.arange(40_000, 40_600, 7)),
    ],
)
def test_amounts_are_no_days(header, numbers):
    assert described(numbers, header)[1].columns[0].reason != "date"
