"""The SVG of a chart is well-formed, whatever its texts contain."""

from xml.etree import ElementTree as ET

import pytest

from models.charts.layout import layout_chart
from models.charts.png import to_png
from models.charts.spec import Axis, Chart, Entry, Label, Panel
from models.charts.svg import to_svg
from models.charts.theme import LOOKS

# What XML 1.0 forbids: control characters, surrogates and two noncharacters; and its own syntax.
AWKWARD = ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\udfff", "\ufffe", "\uffff", "<&>\"'", "]]>"]


def drawn(text):
    axis = Axis(low=0, high=1, title=text)
    panel = Panel(x=axis, y=axis, marks=[Label(x=0.5, y=0.5, text=text)], title=text)
    chart = Chart(title=text, panels=[panel], notes=[text], legend=[Entry(color=0, label=text)])
    return to_svg(layout_chart(chart, LOOKS["light"]))


@pytest.mark.parametrize("text", AWKWARD, ids=ascii)
def test_any_text_is_well_formed(text):
    assert ET.fromstring(drawn(f"a{text}b")).tag.endswith("svg")  # noqa: S314 - our own


def test_any_text_is_rendered_as_an_image():
    assert to_png(drawn("".join(AWKWARD))).startswith(b"\x89PNG")


def test_a_chart_has_whole_pixels():
    svg = ET.fromstring(drawn("a title"))  # noqa: S314 - our own
    assert [float(svg.get(side)) % 1 for side in ("width", "height")] == [0, 0]
