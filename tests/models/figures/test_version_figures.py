"""Every figure of versions keeps the promises of figures: a new one is tested on arrival."""

import json
import subprocess
import sys
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from plotly.graph_objects import Figure as PlotlyFigure
from sklearn.metrics import silhouette_samples

from models.algorithms import Hierarchical, KMeans
from models.charts.plotly_html import to_plotly
from models.charts.spec import Axis
from models.charts.text_metrics import shortened, width, wrapped
from models.charts.theme import LOOKS, contrast_ratio, text_color_on
from models.charts.ticks import number, ticks_of
from models.features import Feature
from models.figures import OF_VERSIONS, SampledCustomers, Segment, VersionInput, render
from models.figures.inputs import draw_by_segment
from models.figures.prepared_points import prepared_points
from models.figures.segment_scores import traits
from models.figures.silhouette import silhouette_values
from models.profiling import profile_segments
from models.segmentation import fit
from tests.support.scorer_columns import cells_of

LONG = "a very long column name that somebody has exported from a warehouse <b> (k$)"
NUMBERS, CATEGORIES = ("income", LONG, "age"), ("plan", "town & country")
FEATURES = {
    "numbers": NUMBERS,
    "two": NUMBERS[:2],
    "categories": CATEGORIES,
    "mixed": NUMBERS + CATEGORIES,
}
ALGORITHMS = {"kmeans": KMeans(), "hierarchical": Hierarchical()}
CASES = [
    ("kmeans", 1, "mixed"),
    ("kmeans", 2, "two"),
    ("kmeans", 20, "mixed"),
    ("kmeans", 5, "categories"),
    ("hierarchical", 2, "categories"),
    ("hierarchical", 5, "numbers"),
    ("hierarchical", 20, "mixed"),
    ("hierarchical", 1, "two"),
]


def customers(n=240):
    random = np.random.default_rng(3)
    group = random.integers(0, 5, n)
    return pd.DataFrame(
        {
            "income": random.normal(40 + 12 * group, 6),
            LONG: random.lognormal(2 + 0.3 * group, 0.5),
            "age": np.where(random.random(n) < 0.05, np.nan, random.normal(30, 8, n)),
            "plan": np.array(["basic", "plus", "gold", "x", "y"], dtype=object)[
                (group + random.integers(0, 2, n)) % 5
            ],
            "town & country": np.array(["Ulm", "Köln", "東京", "<i>"], dtype=object)[
                random.integers(0, 4, n)
            ],
        }
    )


@cache
def fitted(algorithm, k, kind):
    features = [
        Feature(name=name, kind="numeric" if name in NUMBERS else "categorical")
        for name in FEATURES[kind]
    ]
    return fit(customers(), features, ALGORITHMS[algorithm], k=k, seed=0)


@cache
def version(algorithm, k, kind, n_all=240):
    found, table = fitted(algorithm, k, kind), customers()
    profiles = profile_segments(table, found.features, found.labels, k=k, seed=0)
    cells = cells_of(table, found.features)
    return VersionInput(
        segments=[
            Segment(
                index=each.index,
                name=each.name,
                n_customers=each.n_customers,
                share=each.share,
                typical=each.typical,
            )
            for each in profiles
        ],
        features=found.features,
        preparation=found.preparation,
        scorer=found.scorer,
        tree=found.tree,
        read=lambda: SampledCustomers(cells=cells, n=len(table), n_all=n_all),
    )


every_figure = pytest.mark.parametrize("figure", OF_VERSIONS, ids=lambda figure: figure.name)
every_case = pytest.mark.parametrize("case", CASES, ids=str)


def texts(svg):
    root = ET.fromstring(svg)  # noqa: S314 - our own
    return [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]


@every_figure
@every_case
def test_a_figure_has_a_reason_for_its_absence_or_is_drawn_light_and_dark(figure, case):
    reason = figure.unavailable_reason(version(*case))
    if reason is None:
        assert all(
            texts(render(figure, version(*case), "svg", theme)) for theme in ("light", "dark")
        )
    else:
        assert reason.endswith(".")


@every_figure
@every_case
def test_plotly_accepts_all_attributes(figure, case):
    if figure.unavailable_reason(version(*case)) is None:
        chart = figure.draw(version(*case), figure.data(version(*case)))
        PlotlyFigure(to_plotly(chart, LOOKS["dark"]))


@every_figure
def test_a_figure_is_the_same_each_time(figure):
    case = version("hierarchical", 5, "numbers")
    assert all(
        render(figure, case, each) == render(figure, case, each) for each in ("svg", "json", "html")
    )


def test_a_png_is_the_same_each_time():
    figure, case = OF_VERSIONS[0], version("kmeans", 2, "two")
    assert render(figure, case, "png") == render(figure, case, "png")


@every_figure
def test_the_data_is_a_table_that_json_can_hold(figure):
    table = json.loads(render(figure, version("hierarchical", 5, "numbers"), "json"))
    assert table["rows"]
    assert {len(row) for row in table["rows"]} == {len(table["columns"])}


@every_figure
def test_no_picture_reaches_beyond_its_edge(figure):
    svg = ET.fromstring(render(figure, version("hierarchical", 5, "numbers"), "svg"))  # noqa: S314 - our own
    for text in svg.iter("{http://www.w3.org/2000/svg}text"):
        if text.get("transform") is None:
            size, x = float(text.get("font-size")), float(text.get("x"))
            shift = {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor"), 0.0) * width(
                text.text, size
            )
            assert x - shift >= 0
            assert x - shift + width(text.text, size) <= float(svg.get("width"))


def test_points_agree_with_the_pipeline():
    found, table = fitted("kmeans", 20, "mixed"), customers()
    ours = prepared_points(
        found.scorer, found.preparation, cells_of(table, found.features), len(table)
    )
    np.testing.assert_allclose(ours, found.pipeline["prepare"].transform(table), atol=1e-9)


def test_silhouettes_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    points, labels = random.normal(size=(120, 3)), random.integers(0, 6, 120)
    labels[0] = 99  # alone
    np.testing.assert_allclose(
        silhouette_values(points, labels), silhouette_samples(points, labels), atol=1e-7
    )


def test_explained_variances_agree_with_a_decomposition():
    case = version("kmeans", 20, "mixed")
    points = case.sample.points - case.sample.points.mean(axis=0)
    variances = np.linalg.svd(points, compute_uv=False) ** 2
    share = 100 * variances[0] / variances.sum()
    assert f"component 1 ({share:.0f} %)" in OF_VERSIONS[0].data(case).columns


def test_of_many_customers_some_of_every_segment_are_drawn():
    labels = np.repeat([0, 1, 2], [50_000, 200, 5])
    drawn = draw_by_segment(labels)
    assert len(drawn) <= 2_000
    assert np.bincount(labels[drawn]).tolist()[1:] >= [20, 5]
    assert (np.bincount(labels[drawn])[2], len(np.unique(drawn))) == (5, len(drawn))


def test_a_figure_of_a_sample_has_a_note():
    notes = OF_VERSIONS[0].data(version("kmeans", 2, "two", n_all=1_000)).notes
    assert any("240 of 1,000 customers" in note for note in notes)


def test_without_customers_only_figures_that_need_none_exist():
    known = version("hierarchical", 5, "numbers")
    fields = ("segments", "features", "preparation", "scorer", "tree")
    case = VersionInput(**{name: getattr(known, name) for name in fields}, read=None)
    assert {figure.name for figure in OF_VERSIONS if figure.unavailable_reason(case) is None} == {
        "sizes",
        "dendrogram",
    }


@pytest.mark.parametrize(
    ("value", "step", "written"),
    [
        (0.30000000000000004, 0.1, "0.3"),
        (-2.0, 1, "\N{MINUS SIGN}2"),
        (25000, 5000, "25k"),
        (1234, 1, "1234"),
        (0.00012, None, "0.00012"),
    ],
)
def test_numbers_are_written_with_the_fewest_distinguishing_digits(value, step, written):
    assert number(value, step) == written


def test_words_are_shortened_and_wrapped_to_the_room_there_is():
    text = "many words that do not fit on a single line of this picture"
    assert width(shortened(text, 12, 100), 12) <= 100
    assert all(width(line, 12) <= 100 for line in wrapped(text, 12, 100))
    assert " ".join(wrapped(text, 12, 100)) == text


def test_drawing_imports_neither_plotly_nor_resvg():
    code = (
        "import sys; from service.system.import_guard import block_imports\n"
        "block_imports('pandas', 'scipy', 'sklearn')\n"
        "import models.figures; assert not {'plotly', 'resvg_py'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603 - our own command


def test_ticks_are_written_with_exact_numbers():
    axis = Axis(low=0, high=20)
    assert [label for _, label in ticks_of(axis, max_ticks=8)] == [
        "0",
        "2.5",
        "5",
        "7.5",
        "10",
        "12.5",
        "15",
        "17.5",
        "20",
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("value", np.linspace(-1, 1, 9))
def test_texts_on_a_heat_map_have_enough_contrast(theme, value):
    background = LOOKS[theme].heatmap_color(value)
    assert contrast_ratio(text_color_on(background), background) >= 4.5


def test_mostly_zero_columns_are_described_by_shares_and_mostly_missing_ones_as_unknown():
    rows = np.arange(300)
    table = pd.DataFrame(
        {
            "spend": np.where(rows < 150, 10.0, 100.0) + rows % 7,
            "advance": np.where((rows >= 150) & (rows % 5 > 0), 50.0 + rows % 9, 0.0),
            "gap": np.where((rows < 150) & (rows % 5 > 0), np.nan, 30.0 + rows % 4),
        }
    )
    features = [Feature(name=name, kind="numeric") for name in table]
    found = fit(table, features, KMeans(), k=2, seed=0)
    profiles = profile_segments(table, found.features, found.labels, k=2, seed=0)
    segments = [
        Segment(
            index=each.index,
            name=each.name,
            n_customers=each.n_customers,
            share=each.share,
            typical=each.typical,
        )
        for each in profiles
    ]
    read = SampledCustomers(cells=cells_of(table, found.features), n=len(table), n_all=len(table))
    subject = VersionInput(
        segments=segments,
        features=found.features,
        preparation=found.preparation,
        scorer=found.scorer,
        tree=None,
        read=lambda: read,
    )
    _, advance, gap = (set(trait.typical) for trait in traits(subject))
    assert advance == {"0 % have any", "80 % have any"}
    assert "unknown" in gap
