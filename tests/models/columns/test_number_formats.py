"""Numbers as people write them."""

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.columns import apply_schema, infer_schema
from models.columns.number_format_detection import detect_number_format
from models.columns.number_formats import NumberFormat

STYLES = ["1234,56", "1,234.56", "1.234,56", "1 234,56", "1 234.56", "1'234.56", "1'234,56"]
UNITS = ["", "%", "€", "$", "US$", "EUR", "CHF", "zł"]

hundredths = st.integers(-(10**9), 10**9).map(lambda n: n / 100)


def written(number, numerals):
    plain = f"{number:,.2f}".translate(str.maketrans({",": numerals.group, ".": numerals.decimal}))
    return f"{plain} {numerals.unit}".strip()


def found(*texts):
    return detect_number_format(pa.array(texts, pa.string()))


def read(*texts):
    reading = found(*texts).numerals.read(pa.array(texts, pa.string()))
    assert not reading.wrong.any()
    return reading.values.to_pylist()


def described(values, name="x"):
    raw = pa.table({name: values})
    description = infer_schema(raw, customer_id=None)
    return (
        description.columns[0],
        description.warnings[1:],
        apply_schema(raw, description)[name].to_pylist(),
    )


@settings(deadline=None)
@given(
    style=st.sampled_from(STYLES),
    unit=st.sampled_from(UNITS),
    numbers=st.lists(hundredths, min_size=1),
)
def test_numbers_written_in_one_format_are_parsed_exactly(style, unit, numbers):
    numerals = NumberFormat.parse(f"{style} {unit}".strip())
    reading = numerals.read(pa.array([written(number, numerals) for number in numbers]))
    assert reading.values.to_pylist() == numbers


@settings(deadline=None)
@given(style=st.sampled_from(STYLES), numbers=st.lists(hundredths, min_size=1))
def test_the_number_format_of_a_column_is_detected(style, numbers):
    numerals = NumberFormat.parse(style)
    texts = [written(number, numerals) for number in [*numbers, 1234567.89, -0.5]]
    assert found(*texts).numerals == numerals


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("style", STYLES)
def test_a_style_survives_being_named_by_its_example(style, unit):
    example = f"{style} {unit}".strip()
    assert NumberFormat.parse(example).example == example


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["12,5", "3", ",5", "-7,"], [12.5, 3.0, 0.5, -7.0]),
        (["1.234.567", "980"], [1234567.0, 980.0]),
        (["1 234,5", "1\u202f234", "12\xa0345"], [1234.5, 1234.0, 12345.0]),
        (["1'234.5", "1\u2019234"], [1234.5, 1234.0]),
        (["12,34,567", "1,00,000.50"], [1234567.0, 100000.5]),
        (["45 %", "12.5%", "0%"], [45.0, 12.5, 0.0]),
        (["€ 12", "3,50 €", "-€4", "€ -5"], [12.0, 3.5, -4.0, -5.0]),
        (["12 EUR", "EUR 3", "4"], [12.0, 3.0, 4.0]),
        (["$1,200.50", "($12)", "-$3", "$4-"], [1200.5, -12.0, -3.0, -4.0]),
        (["(12.50)", "3", "4-", "\u22125"], [-12.5, 3.0, -4.0, -5.0]),
        (["1,23E+05", "2,5"], [123000.0, 2.5]),
        ([" 12,5 ", "\t", "", "1"], [12.5, None, None, 1.0]),
    ],
)
def test_numbers_are_read_as_people_mean_them(texts, numbers):
    assert read(*texts) == numbers


@pytest.mark.parametrize(
    "texts",
    [
        ["12,5", "12.5"],
        ["1,234", "1.234"],
        ["$1", "€2"],
        ["45 %", "12"],
        ["1 234", "1'234"],
        ["01.02.2024", "03.04.2024"],
        ["030 123 456"],
        ["1,2,3"],
        ["12,3456,789"],
        ["a", "b"],
        [],
    ],
)
def test_a_column_with_mixed_formats_has_no_format(texts):
    assert found(*texts) is None


@pytest.mark.parametrize(
    "texts", [["--5"], ["(5"], ["5)"], ["(-5)"], ["-5-"], ["5 € €"], ["€5€"], ["1e999 €"]]
)
def test_a_number_with_two_signs_or_units_is_wrong(texts):
    assert NumberFormat.parse("1234,56 €").read(pa.array(texts)).wrong.all()


@pytest.mark.parametrize(
    ("texts", "numbers", "is_doubtful"),
    [
        (["1,234", "980", "12,345"], [1234.0, 980.0, 12345.0], True),
        (["1,234", "0,123"], [1.234, 0.123], False),
        (["1,234", "5678"], [1.234, 5678.0], False),
        (["1,234", "1,2"], [1.234, 1.2], False),
        (["1,234", "1,234,567"], [1234.0, 1234567.0], False),
        (["€ 1.234", "€ 980"], [1234.0, 980.0], True),
        (["1.234 %", "1.5 %"], [1.234, 1.5], False),
        (["1,234 %", "2,345 %"], [1.234, 2.345], True),
        (["(1.234)", "5.678"], [-1.234, 5.678], True),
    ],
)
def test_an_ambiguous_separator_is_resolved_by_the_column_and_a_guess_is_reported(
    texts, numbers, is_doubtful
):
    assert (read(*texts), found(*texts).doubt is not None) == (numbers, is_doubtful)


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("0123456789.,' -+()%€eE"), max_size=8)))
def test_no_text_breaks_the_search_nor_is_it_read_as_anything_but_a_number(texts):
    style = found(*texts)
    assume(style is not None)
    reading = style.numerals.read(pa.array(texts, pa.string()))
    assert all(value is None or abs(value) < float("inf") for value in reading.values.to_pylist())


def test_a_column_in_one_format_is_numeric_and_a_warning_names_the_format():
    column, warnings, numbers = described(["1.234,50", "980", None, "12,5"])
    assert (column.kind, column.numerals, numbers) == (
        "numeric",
        "1.234,56",
        [1234.5, 980.0, None, 12.5],
    )
    assert warnings == ("'x' is read as numbers written like 1.234,56.",)


def test_plain_numbers_have_no_style_and_no_warning():
    column, warnings, _ = described(["1234.5", "980", "", "-1e3"])
    assert (column.kind, column.numerals, warnings) == ("numeric", None, ())


def test_the_warning_of_percentages_shows_the_stored_number():
    _, [warning], numbers = described(["45 %", "12.5 %"])
    assert ("45 % is read as 45" in warning, numbers) == (True, [45.0, 12.5])


def test_numbers_whose_dots_may_group_thousands_have_a_warning():
    column, [warning], numbers = described(["1.234", "980", "12.500", "1.100", "2.250", "3.000"])
    assert (column.numerals, numbers[0]) == (None, 1.234)
    assert '?schema={"columns": {"x": {"numerals": "1.234,56"}}}' in warning


@pytest.mark.parametrize("others", [["0.125"], ["1.5"], ["1500"]])
def test_numbers_that_contradict_grouped_thousands_have_no_warning(others):
    assert described([*("1.234", "2.250", "3.125", "4.500", "5.875"), *others])[1] == ()


def test_a_column_nearly_in_one_format_stays_text_and_the_warning_counts_the_others():
    column, warnings, _ = described([*(f"{n},5" for n in range(60)), "n/a", "n/a"])
    assert (column.kind, column.reason) == ("ignored", "nearly numeric")
    assert "2 of its 62 known cells are not numbers" in warnings[0]


def test_dates_are_not_numbers():
    assert described(["01.02.2024", "03.04.2024"])[0].reason == "date"


@pytest.mark.parametrize("unit", ["kg", "GB", "円", "Rs.", "k", "years", "Monate", "Stück"])
@pytest.mark.parametrize("space", ["", " "])
def test_numbers_before_one_unit_are_numbers(unit, space):
    column, warnings, cells = described([f"{n}{space}{unit}" for n in range(1, 41)])
    assert (column.kind, cells) == ("numeric", [float(n) for n in range(1, 41)])
    assert f"written like 1234.56 {unit}" in warnings[0]


@pytest.mark.parametrize("form", ["K{}", "M{}", "g{}", "{}A", "{}XL", "192.168.{}.1", "1.{}.0"])
def test_codes_of_letters_and_digits_are_no_numbers(form):
    column, warnings, _ = described([form.format(n) for n in range(40)])
    assert (column.kind, warnings) == ("identifier", ())


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([f"{n},{n}" if n % 2 else f"{n}.{n}" for n in range(10, 90)], "ignored"),
        ([f"{n}.5 kg" if n % 2 else f"{n} lbs" for n in range(10, 90)], "ignored"),
        (["500 g", "1 kg"] * 20, "categorical"),
    ],
    ids=["separators", "units", "few"],
)
def test_numbers_that_are_written_differently_are_named(cells, kind):
    column, warnings, _ = described(cells, "weight")
    assert column.kind == kind
    assert warnings[0].startswith("'weight' holds numbers with different separators or units")
