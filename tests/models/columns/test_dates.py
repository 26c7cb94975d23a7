"""Days as people write them, and columns of them as days before the newest."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.columns import BadCells, Override, apply_schema, infer_schema, read_rows
from models.columns.dates import (
    are_dates,
    find_order,
    find_order_conflicts,
    mark_unknown_months,
    read_days,
)

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

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
    "listopada grudnia",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
    "dezembro",
    "en, short": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "de, short": "Jan. Feb. Mär. Apr. Mai Jun. Jul. Aug. Sept. Okt. Nov. Dez.",
    "fr, short": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es, short": "ene. feb. mar. abr. may. jun. jul. ago. sept. oct. nov. dic.",
    "it, short": "gen feb mar apr mag giu lug ago set ott nov dic",
    "nl, short": "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
    "pl, short": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "pt, short": "jan fev mar abr mai jun jul ago set out nov dez",
}

days = st.dates(date(1970, 1, 1), date(2068, 12, 31))


def ordinal(day):
    return (day - date(1970, 1, 1)).days


def declared(values, **others):
    raw = pa.table({"since": values})
    description = infer_schema(
        raw, customer_id=None, overrides={"since": Override(kind="numeric", **others)}
    )
    return description, apply_schema(raw, description)["since"].to_pylist()


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


def test_ambiguous_dates_are_read_day_first_with_a_warning():
    order, doubt = find_order(pa.array(["01/02/2024", "03/04/2024"]))
    assert (order, "the day is assumed to come first" in doubt) == ("dd/mm/yyyy", True)


def test_dates_with_dots_are_read_day_first_without_a_warning():
    assert find_order(pa.array(["01.02.2024", "3.4.2024"])) == ("dd/mm/yyyy", None)


@pytest.mark.parametrize(
    "text", ["2023-02-29", "31.04.2024", "2024-13-01", "00/01/2024", "12", "soon", "2024-1-1-1"]
)
def test_days_outside_the_calendar_are_errors(text):
    assert read_days(pa.array([text]), "dd/mm/yyyy").wrong.all()


@pytest.mark.parametrize("language", MONTHS)
@pytest.mark.parametrize("form", ["2. {} 2023", "2-{}-23", "{} 2, 2023", "{} 2023"])
def test_months_are_read_by_their_names_in_every_language(language, form):
    texts = pa.array([form.format(month) for month in MONTHS[language].split()])
    read = read_days(texts, "yyyy-mm-dd").values.to_pylist()
    assert read == [
        ordinal(date(2023, month, 1 if form == "{} 2023" else 2)) for month in range(1, 13)
    ]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "14-Jan-15",
            "14-JAN-2015",
            "14Jan2015",
            "14 Jan '15",
            "Jan 14, 2015",
            "January 14th, 2015",
            "2015-Jan-14",
        ),
        *(
            "14. Januar 2015",
            "14 de enero de 2015",
            "14 stycznia 2015 r.",
            "14.01.2015 r.",
            "14. 01. 2015",
        ),
        *(
            "Wed, 14 Jan 2015 10:00:00 +0100",
            "Mittwoch, 14. Januar 2015",
            "terça-feira, 14 de janeiro de 2015",
        ),
        *(
            "14.01.2015, 10:30 Uhr",
            "14-Jan-15 10:30:00 PM",
            "14/01/2015 10:30 p. m.",
            "2015-01-14 23:30:00+00",
        ),
        "2015-01-14T23:30:00-05:00[America/New_York]",
    ],
)
def test_a_day_is_read_as_programs_print_it_and_as_people_write_it(text):
    assert read_days(pa.array([text]), "dd/mm/yyyy").values.to_pylist() == [
        ordinal(date(2015, 1, 14))
    ]


def test_the_first_of_a_month_may_be_an_ordinal():
    assert read_days(pa.array(["1er mars 2015"]), "yyyy-mm-dd").values.to_pylist() == [
        ordinal(date(2015, 3, 1))
    ]


def test_letters_may_be_composed_or_not():
    assert read_days(pa.array(["1. Ma\u0308rz 2015"]), "yyyy-mm-dd").values.to_pylist() == [
        ordinal(date(2015, 3, 1))
    ]


def test_a_word_for_both_a_month_and_a_weekday_is_a_month_beside_a_day():
    assert read_days(pa.array(["mar 14, 2015"]), "yyyy-mm-dd").values.to_pylist() == [
        ordinal(date(2015, 3, 14))
    ]


@pytest.mark.parametrize(
    "text", ["before, 3 Mar 2014", "3 Foo 2014", "31 Feb 2014", "32-Jan-14", "Jan-15", "May"]
)
def test_other_words_and_days_beside_the_name_of_a_month_are_no_dates(text):
    assert read_days(pa.array([text]), "dd/mm/yyyy").wrong.all()


@pytest.mark.parametrize(
    ("text", "unknown"), [("5 мая 2023", True), ("2. Hornung 2015", True), ("2. März 2015", False)]
)
def test_months_of_an_unknown_language_are_distinguished_from_known_ones(text, unknown):
    assert mark_unknown_months(pa.array([text])).tolist() == [unknown]


def test_dates_that_can_only_be_read_in_the_other_order_are_found():
    texts = pa.array(["13/4/2024", "4/13/2024", "3/4/2024", "2024-04-13", None])
    assert find_order_conflicts(texts, "dd/mm/yyyy").tolist() == [False, True, False, False, False]
    assert find_order_conflicts(texts, "mm/dd/yyyy").tolist() == [True, False, False, False, False]


def test_words_between_numbers_are_not_taken_for_dates():
    assert not are_dates(pa.array([f"{n} pieces 20{n:02}" for n in range(1, 29)]))


def test_a_leap_day_is_a_day():
    assert read_days(pa.array(["29.02.2024"]), "dd/mm/yyyy").values.to_pylist() == [
        ordinal(date(2024, 2, 29))
    ]


def test_a_date_without_its_day_is_the_first_of_the_month():
    assert read_days(pa.array(["2024-03"]), "yyyy-mm-dd").values.to_pylist() == [
        ordinal(date(2024, 3, 1))
    ]


def test_two_digits_mean_this_century_until_68():
    read = read_days(pa.array(["01.01.68", "01.01.69"]), "dd/mm/yyyy").values.to_pylist()
    assert read == [ordinal(date(2068, 1, 1)), ordinal(date(1969, 1, 1))]


@pytest.mark.parametrize("numbers", [pa.array([20240101, None]), pa.array([1.5, None])])
def test_numbers_are_no_dates(numbers):
    assert read_days(numbers, "yyyy-mm-dd").wrong.tolist() == [True, False]


def test_a_column_of_dates_is_ignored_with_a_warning_how_to_use_it():
    description = infer_schema(pa.table({"since": ["2024-01-31", "2024-02-01"]}), customer_id=None)
    assert '{"columns": {"since": {"kind": "numeric"}}}' in description.warnings[1]


@pytest.mark.parametrize("form", ["{}-Jan-15", "{}. März 2015", "Wed, {} Jun 2015"])
def test_a_column_of_named_months_is_one_of_dates(form):
    described = infer_schema(
        pa.table({"since": [form.format(day) for day in range(1, 29)]}), customer_id=None
    )
    assert described.columns[0].reason == "date"


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
    assert [(cell.row, cell.detail) for cell in caught.value.cells] == [
        (21, "is not a date written like yyyy-mm-dd")
    ]


def test_the_refusal_shows_how_dates_are_read():
    with pytest.raises(BadCells, match="31-Jan-15"):
        declared([*("1. Januar 2024",) * 20, "1 мая 2024"])


def test_it_may_be_declared_missing():
    assert declared([*("2024-01-31",) * 20, "soon"], missing=("soon",))[1][-1] is None


def test_later_rows_count_from_the_same_day_in_the_same_order():
    columns = declared(["03/25/2024", "04/01/2024"])[0].columns
    table, errors = read_rows(
        pa.table({"since": ["03/31/2024", "04/02/2024", "25/03/2024", "7"]}), columns
    )
    assert table["since"].to_pylist() == [1.0, -1.0, None, None]
    assert [(error.row, error.detail) for error in errors] == [
        (3, "is not a date written like mm/dd/yyyy"),
        (4, "is not a date written like mm/dd/yyyy"),
    ]


@pytest.mark.parametrize("form", ["%m/%Y", "%m-%Y", "%Y-%m", "%b %Y"])
def test_months_of_years_are_days_to_the_newest_first_of_the_month(form):
    months = [date(2015 + n // 12, n % 12 + 1, 1) for n in range(60)]
    texts = [month.strftime(form) for month in months]
    assert are_dates(pa.array(texts))
    assert declared(texts)[1] == [(months[-1] - month).days for month in months]


def test_numbers_with_dots_are_no_months_of_years():
    raw = pa.table({"x": [f"{n % 12 + 1}.{1990 + n}" for n in range(60)]})
    assert infer_schema(raw, customer_id=None).columns[0].kind == "numeric"
