import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.column_words import VOCABULARY, label, numeric_words
from models.features import Feature
from models.profiling.effect_sizes import Difference
from models.profiling.segment_names import name_segments
from models.transactions import COMPUTED

AGE, INCOME, SCORE = "Age", "Annual Income (k$)", "Spending Score (1-100)"
FEATURES = [Feature(name=name, kind="numeric") for name in (AGE, INCOME, SCORE)]
FEATURES += [Feature(name=name, kind="categorical") for name in ("Gender", "is_member")]


def by(feature, effect, headers=(AGE, INCOME, SCORE)):
    phrase = numeric_words(headers)[feature][effect > 0]
    return Difference(
        feature=feature, category=None, here=1.0, overall=1.0, effect=effect, phrase=phrase
    )


def of(feature, category, here, effect=1.0):
    return Difference(feature=feature, category=category, here=here, overall=0.4, effect=effect)


def names(*differences, features=FEATURES):
    return name_segments(differences, features, sizes=[10] * len(differences))


def name(*differences):
    return names(differences, [by(AGE, -2)])[0]


def test_the_strongest_differences_make_the_name():
    assert name(by(AGE, 1.5), by(SCORE, -1.2), by(INCOME, 0.9)) == "older, low spending"


def test_words_come_in_the_order_of_the_features():
    assert name(by(SCORE, -1.5), by(AGE, 1.2)) == "older, low spending"


def test_a_weak_difference_does_not_make_a_name():
    assert name(by(AGE, 0.4)) == "average customers"


def test_most_members_of_one_category_are_mostly_that():
    assert name(of("Gender", "Female", 0.8)) == "mostly Female"


def test_a_larger_share_short_of_half_is_more():
    assert name(of("Gender", "Female", 0.45)) == "more Female"


def test_a_smaller_share_is_fewer():
    assert name(of("Gender", "Female", 0.1, effect=-0.8)) == "fewer Female"


def test_an_absent_category_is_described_by_no():
    assert name(of("Gender", "Female", 0.0, effect=-0.8)) == "no Female"


def test_a_category_that_means_nothing_alone_is_named_with_its_feature():
    assert name(of("is_member", "1", 0.9)) == "mostly is member: 1"


def test_a_third_difference_makes_equal_names_unique():
    pair = (by(AGE, 1.5), by(SCORE, -1.2))
    assert names(pair, (*pair, by(INCOME, 0.9))) == [
        "older, low spending",
        "older, high income, low spending",
    ]


def test_a_weak_difference_in_a_name_is_called_somewhat():
    assert names([], [by(AGE, -0.3)]) == ["average customers", "somewhat younger"]


def test_equal_names_are_numbered():
    assert names([by(AGE, 1)], [by(AGE, 1)]) == ["older", "older 2"]


def test_one_segment_is_all_customers():
    assert name_segments([[]], FEATURES, sizes=[10]) == ["all customers"]


def test_an_empty_segment_has_no_customers():
    assert name_segments([[], []], FEATURES, sizes=[0, 10]) == ["no customers", "all customers"]


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from([AGE, INCOME, SCORE]), st.floats(-3, 3)), max_size=3),
        max_size=12,
    )
)
def test_no_two_segments_share_a_name(found):
    named = names(*[[by(*each) for each in differences] for differences in found])
    assert len(set(named)) == len(named)


@given(st.lists(st.text(min_size=1, max_size=200), min_size=3, max_size=3, unique=True))
def test_long_headers_make_no_long_names(headers):
    features = [Feature(name=header, kind="categorical") for header in headers]
    found = [of(header, header[::-1], 0.9) for header in headers]
    assert len(names(found, [], features=features)[0]) <= 60


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("Age", "younger", "older"),
        ("Average page views", "low average page views", "high average page views"),
        ("AnnualIncome", "low income", "high income"),
        ("Annual_Income(k$)", "low income", "high income"),
        ("spending_score", "low spending", "high spending"),
        ("Credit Score", "low credit score", "high credit score"),
        ("recency", "recent buyers", "lapsed"),
        ("Days since last purchase", "recent buyers", "lapsed"),
        ("Number of orders", "rare buyers", "frequent buyers"),
        ("NumWebPurchases", "few web purchases", "many web purchases"),
        ("NumOfProducts", "few products", "many products"),
        ("total number of complaints", "few complaints", "many complaints"),
        ("anzahl_filialen", "few filialen", "many filialen"),
        ("PURCHASES_FREQUENCY", "low purchases frequency", "high purchases frequency"),
        ("CLV", "low CLV", "high CLV"),
        ("GB used online", "low GB used online", "high GB used online"),
        ("Tage seit letzter Bestellung", "recent buyers", "lapsed"),
        ("nombre de commandes", "rare buyers", "frequent buyers"),
        ("Número de compras", "rare buyers", "frequent buyers"),
        ("Dépenses annuelles", "low spending", "high spending"),
        ("tenure_months", "new", "long-standing"),
        ("CLV (EUR)", "low CLV", "high CLV"),
        ("Umsätze [T€]", "low spending", "high spending"),
        ("年収", "low 年収", "high 年収"),
    ],
)
def test_headers_are_made_readable(header, low, high):
    assert numeric_words([header])[header] == (low, high)


def test_two_headers_with_one_meaning_keep_their_own_words():
    assert (
        numeric_words(["Annual Income", "Monthly Income"])["Monthly Income"][0]
        == "low monthly income"
    )


def test_two_headers_that_differ_in_units_only_keep_their_units():
    assert numeric_words(["Income (k$)", "Income (EUR)"])["Income (EUR)"][0] == "low Income (EUR)"


def test_a_long_header_is_cut_but_keeps_the_units_that_are_needed():
    headers = [f"{'income ' * 20}({unit})" for unit in ("EUR", "USD")]
    features = [Feature(name=header, kind="numeric") for header in headers]
    [named, _] = names([by(headers[0], 1, headers)], [], features=features)
    assert len(named) <= 60
    assert named.endswith("income … (EUR)")


def test_a_long_header_is_cut_at_words_and_keeps_the_last():
    header = "CREDIT_LIMIT_OF_ALL_ACCOUNTS_IN_THE_HOUSEHOLD"
    assert numeric_words([header])[header][1] == "high credit limit of all … household"


def test_one_long_word_is_cut_within():
    assert numeric_words(["x" * 99])["x" * 99][0] == "low xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"


@pytest.mark.parametrize(
    ("header", "quantity", "high"),
    [
        ("PURCHASES", "amount", "high spending"),
        ("PURCHASES", "count", "frequent buyers"),
        ("PURCHASES", None, "frequent buyers"),
        ("Achats", "amount", "high spending"),
        ("sales", "count", "frequent buyers"),
        ("Number of purchases", "amount", "frequent buyers"),
        ("PURCHASES_FREQUENCY", "amount", "high purchases frequency"),
    ],
)
def test_the_cells_decide_what_an_ambiguous_header_means(header, quantity, high):
    assert numeric_words([header], {header: quantity} if quantity else {})[header][1] == high


@pytest.mark.parametrize("column", sorted(COMPUTED))
def test_a_column_computed_from_transactions_has_business_words(column):
    assert numeric_words([column])[column] in {(low, high) for _, low, high in VOCABULARY}


def test_a_header_of_signs_only_stays_as_it_is():
    assert label("($)") == "($)"
