"""What every figure can do, and what becomes of it in each format."""

import json
from typing import Final, Literal, Protocol, TypeVar

from models.charts.layout import layout_chart
from models.charts.plotly_html import to_html
from models.charts.scene import Scene
from models.charts.spec import Chart
from models.charts.svg import to_svg
from models.charts.theme import LOOKS, Theme
from models.figures.data import FigureData

Subject_contra = TypeVar("Subject_contra", contravariant=True)
Extension = Literal["svg", "png", "html", "json"]
EXTENSIONS: Final[tuple[Extension, ...]] = ("svg", "png", "html", "json")


class Figure(Protocol[Subject_contra]):
    """A picture of a subject: first its data, then its drawing; its docstring says what it shows."""

    @property
    def name(self) -> str:
        """What it is called in addresses."""

    def unavailable_reason(self, subject: Subject_contra) -> str | None:
        """Say in a sentence why there is no such figure of a subject; None where there is one."""

    def data(self, subject: Subject_contra) -> FigureData:
        """Give the data behind the picture."""

    def draw(self, subject: Subject_contra, table: FigureData) -> Chart:
        """Make a picture of the data."""


def render(
    figure: Figure[Subject_contra], subject: Subject_contra, extension: Extension, theme: Theme = "light"
) -> bytes:
    """Make a figure in one format.

    Parameters
    ----------
    figure, subject
        What to show, and of what; the figure must not be absent.
    extension
        A picture (`svg`, `png`), a page to point and zoom in (`html`), or the data table behind it (`json`).
    theme
        The background; the data has none.

    Returns
    -------
    bytes
        The same ones each time.
    """
    table = figure.data(subject)
    chart = figure.draw(subject, table)
    if extension == "json":
        return _to_json(figure.name, chart, table)
    look = LOOKS[theme]
    if extension == "html":
        return to_html(chart, look).encode()
    scene = layout_chart(chart, look)
    return to_svg(scene).encode() if extension == "svg" else _to_png(scene)


def _to_png(scene: Scene) -> bytes:
    from models.charts.png import to_png  # noqa: PLC0415 - matplotlib takes a second and 40 MB, which only PNG needs

    return to_png(scene)


def _to_json(name: str, chart: Chart, table: FigureData) -> bytes:
    said = {"figure": name, "title": chart.title, "notes": list(chart.notes)}
    return json.dumps({**said, "columns": table.columns, "rows": table.rows}, allow_nan=False).encode()
