"""The Figure protocol, and rendering of figures in each format."""

import json
from typing import Final, Literal, Protocol, TypeVar

from models.charts.layout import layout_chart
from models.charts.plotly_html import to_html
from models.charts.png import to_png
from models.charts.spec import Chart
from models.charts.svg import to_svg
from models.charts.theme import LOOKS, Theme
from models.figures.data import FigureData

Subject_contra = TypeVar("Subject_contra", contravariant=True)
Extension = Literal["svg", "png", "html", "json"]
EXTENSIONS: Final[tuple[Extension, ...]] = ("svg", "png", "html", "json")


class Figure(Protocol[Subject_contra]):
    """A figure of a subject: its data, and the chart drawn from them."""

    @property
    def name(self) -> str:
        """The name in URLs."""

    def unavailable_reason(self, subject: Subject_contra) -> str | None:
        """Return the reason, as a sentence, if the subject has no such figure, else None."""

    def data(self, subject: Subject_contra) -> FigureData:
        """Compute the data behind the chart."""

    def draw(self, subject: Subject_contra, table: FigureData) -> Chart:
        """Build the chart of the data."""


def render(
    figure: Figure[Subject_contra],
    subject: Subject_contra,
    extension: Extension,
    theme: Theme = "light",
) -> bytes:
    """Render a figure in one format.

    Parameters
    ----------
    figure, subject
        The figure and its subject; the figure must be available.
    extension
        An image (`svg`, `png`), an interactive page (`html`), or the data behind it (`json`).
    theme
        The colors; ignored for `json`.

    Returns
    -------
    bytes
        Deterministic: the same subject has the same bytes.
    """
    table = figure.data(subject)
    chart = figure.draw(subject, table)
    if extension == "json":
        document = {
            "figure": figure.name,
            "title": chart.title,
            "notes": list(chart.notes),
            "columns": table.columns,
            "rows": table.rows,
        }
        return json.dumps(document, allow_nan=False).encode()
    look = LOOKS[theme]
    if extension == "html":
        return to_html(chart, look).encode()
    svg = to_svg(layout_chart(chart, look))
    return to_png(svg) if extension == "png" else svg.encode()
