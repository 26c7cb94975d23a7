"""Figures of two versions keep the promises of figures: a new one is tested on arrival."""

import json
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from plotly.graph_objects import Figure as PlotlyFigure

from models.charts.plotly_html import to_plotly
from models.charts.text_metrics import width
from models.charts.theme import LOOKS
from models.figures import OF_COMPARISONS, ComparedSegment, ComparisonInput, render
from models.figures.inputs import MAX_SEGMENTS

TEXT = "{http://www.w3.org/2000/svg}text"
CASES = [(2, 2), (5, 4), (20, 20), (1, 6), (40, 30)]
SANKEY, MOVES = OF_COMPARISONS

every_figure = pytest.mark.parametrize("figure", OF_COMPARISONS, ids=lambda figure: figure.name)
every_case = pytest.mark.parametrize("case", CASES, ids=str)


@cache
def compared(n_before, n_after, *, moving=0.2, n=5_000):
    """Versions of which every second segment of the earlier one goes on."""
    random = np.random.default_rng(1)
    before = [
        ComparedSegment(key=f"seg-{i}", name=f"people of <kind> & age {i}" * (1 + i % 2), index=i)
        for i in range(n_before)
    ]
    after = [
        ComparedSegment(key=f"seg-{2 * j}", name=f"people {2 * j}", index=j) for j in range(n_after)
    ]
    where = random.integers(0, n_before, n)
    there = np.where(
        random.random(n) < moving, random.integers(0, n_after, n), where // 2 % n_after
    )
    counts = np.zeros((n_before, n_after), dtype=np.int64)
    np.add.at(counts, (where, there), 1)
    return ComparisonInput(numbers=(3, 4), before=before, after=after, counts=counts)


def identical(k=5):
    parties = [ComparedSegment(key=f"seg-{i}", name=f"people {i}", index=i) for i in range(k)]
    return ComparisonInput(
        numbers=(1, 2), before=parties, after=parties, counts=np.diag(np.arange(1, k + 1))
    )


def table(figure, case):
    return json.loads(render(figure, case, "json"))


def column(found, name):
    return [row[found["columns"].index(name)] for row in found["rows"]]


@every_figure
@every_case
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_word_reaches_beyond_the_edge(figure, case, theme):
    svg = ET.fromstring(render(figure, compared(*case), "svg", theme))  # noqa: S314 - our own
    for text in svg.iter(TEXT):
        if text.get("transform") is None:
            size, x = float(text.get("font-size")), float(text.get("x"))
            shift = {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor"), 0.0) * width(
                text.text, size
            )
            assert 0 <= x - shift <= float(svg.get("width")) - width(text.text, size)


@every_case
def test_no_segment_is_written_upon_another(case):
    svg = ET.fromstring(render(SANKEY, compared(*case), "svg"))  # noqa: S314 - our own
    for side in ("start", "end"):
        own = [
            each
            for each in svg.iter(TEXT)
            if each.get("text-anchor", "start") == side and "  " in each.text
        ]
        places = sorted(float(each.get("y")) for each in own)
        assert len(places) == min(case[side == "start"], MAX_SEGMENTS + 1)
        assert np.diff(places, prepend=-99).min() >= float(own[0].get("font-size"))


@every_figure
@every_case
def test_plotly_accepts_all_attributes(figure, case):
    chart = figure.draw(compared(*case), figure.data(compared(*case)))
    PlotlyFigure(to_plotly(chart, LOOKS["dark"]))


@every_figure
@pytest.mark.parametrize("extension", ["svg", "json", "html", "png"])
def test_a_figure_is_the_same_each_time(figure, extension):
    assert render(figure, compared(5, 4), extension) == render(figure, compared(5, 4), extension)


@every_figure
@every_case
def test_the_data_contains_all_customers(figure, case):
    assert sum(column(table(figure, compared(*case)), "n_customers")) == 5_000


@every_case
def test_shares_of_a_segment_add_up(case):
    found = table(MOVES, compared(*case))
    sums = {}
    for name, share in zip(
        column(found, "from_segment"), column(found, "share_of_segment"), strict=True
    ):
        sums[name] = sums.get(name, 0) + share
    assert list(sums.values()) == pytest.approx([1] * case[0])


@every_figure
def test_identical_versions_have_a_note_that_no_customer_moves(figure):
    assert table(figure, identical())["title"] == "No customer moves from version 1 to version 2"


@every_figure
def test_the_title_counts_customers_outside_their_matched_segment(figure):
    case = compared(2, 2)
    moved = 5_000 - case.counts[0, 0]
    assert table(figure, case)["title"].startswith(f"{moved:,} of 5,000 customers")


@every_figure
def test_without_customers_there_is_no_figure(figure):
    nobody = ComparisonInput(
        numbers=(1, 2),
        before=identical().before,
        after=identical().after,
        counts=np.zeros((5, 5), np.int64),
    )
    assert figure.unavailable_reason(nobody).endswith(".")
    assert figure.unavailable_reason(identical()) is None


def test_matched_segments_share_the_later_color_and_others_have_their_own():
    case = compared(5, 4)
    assert [case.colors[party.key] for party in case.after] == [0, 1, 2, 3]
    assert [case.colors[party.key] for party in case.before] == [0, 4, 1, 5, 2]


def test_the_smallest_of_too_many_segments_are_drawn_as_one():
    drawn = compared(40, 30).for_display
    assert (len(drawn.before), len(drawn.after)) == (MAX_SEGMENTS + 1, MAX_SEGMENTS + 1)
    assert drawn.n_customers == 5_000
    assert {"16 smaller segments", "6 smaller segments"} <= {
        party.name for party in (*drawn.before, *drawn.after)
    }


@pytest.mark.parametrize("case", [(2, 2), (5, 4), (4, 5), (12, 3)], ids=str)
def test_reordering_keeps_the_flows(case):
    known, drawn = compared(*case), compared(*case).for_display
    assert {(flow.source, flow.target, flow.n_customers) for flow in drawn.flows} == {
        (flow.source, flow.target, flow.n_customers) for flow in known.flows
    }


def test_unmatched_segments_lie_beside_those_with_most_of_their_customers():
    drawn = compared(12, 3, moving=0.0).for_display
    assert np.diff(drawn.counts.argmax(axis=1)).min() >= 0


def test_flows_too_thin_to_be_drawn_are_listed():
    assert any("are not drawn" in note for note in SANKEY.data(compared(20, 20)).notes)
    assert not any("are not drawn" in note for note in SANKEY.data(compared(2, 2)).notes)
