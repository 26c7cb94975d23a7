"""A scene as SVG: small, sharp at every size, the same bytes each time; its words stay words."""

from collections.abc import Iterator
from functools import singledispatch
from html import escape

import numpy as np

from models.charts.scene import Box, Item, Markers, Pixels, Scene, Stroke, TextItem, outline

FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def to_svg(scene: Scene) -> str:
    """Write a scene as one SVG element, with its title and notes for those who do not see it."""
    size = f'width="{scene.width:g}" height="{scene.height:g}" viewBox="0 0 {scene.width:g} {scene.height:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} font-family="{FONTS}">'
    said = f"<title>{_text(scene.title)}</title><desc>{_text(' '.join(scene.notes))}</desc>"
    ground = f'<rect width="100%" height="100%" fill="{scene.background}"/>'
    return "\n".join([head + said, ground, *(line for item in scene.items for line in _lines(item)), "</svg>\n"])


@singledispatch
def _lines(item: Item) -> Iterator[str]:
    raise TypeError(f"{type(item).__name__} is no shape")


@_lines.register
def _stroke(item: Stroke) -> Iterator[str]:
    path = "".join(_path(part, closed=item.fill is not None) for part in item.parts if len(part))
    if not path:
        return
    dash = ' stroke-dasharray="6 4"' if item.dashed else ""
    line = f' stroke="{item.color}" stroke-width="{item.width:g}" stroke-linejoin="round"{dash}' if item.width else ""
    opacity = f' fill-opacity="{item.opacity:g}"' if item.fill else ""
    yield f'<path d="{path}" fill="{item.fill or "none"}"{opacity}{line}/>'


@_lines.register
def _box(item: Box) -> Iterator[str]:
    place = f'x="{_n(item.x)}" y="{_n(item.y)}" width="{_n(max(item.width, 0))}" height="{_n(max(item.height, 0))}"'
    yield f'<rect {place} fill="{item.fill}"' + (f"><title>{_text(item.says)}</title></rect>" if item.says else "/>")


@_lines.register
def _markers(item: Markers) -> Iterator[str]:
    if not len(item.places):
        return
    corners = outline(item.shape, item.size)
    steps = np.diff(corners, axis=0)
    rest = "l" + " ".join(f"{_n(x)} {_n(y)}" for x, y in steps.tolist()) + "z"
    starts = (item.places + corners[0]).tolist()
    path = "".join(f"M{_n(x)} {_n(y)}{rest}" for x, y in starts)
    yield f'<path d="{path}" fill="{item.fill}" fill-opacity="0.85" stroke="{item.edge}" stroke-width="0.6"/>'


@_lines.register
def _text_element(item: TextItem) -> Iterator[str]:
    x, y = _n(item.x), _n(item.y)
    bold = ' font-weight="600"' if item.bold else ""
    turn = f' transform="rotate({item.angle:g} {x} {y})"' if item.angle else ""
    anchor = f' text-anchor="{item.anchor}"' if item.anchor != "start" else ""
    look = f'font-size="{_n(item.size)}" fill="{item.color}"{bold}{anchor}{turn}'
    yield f'<text x="{x}" y="{y}" {look}>{_text(item.text)}</text>'


def _path(points: Pixels, *, closed: bool) -> str:
    places = " ".join(f"{_n(x)} {_n(y)}" for x, y in points.tolist())
    return f"M{places}" + ("z" if closed else "")


def _n(value: float) -> str:
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def _text(text: str) -> str:
    """Write text so that it stays text; what XML cannot hold is left out."""
    return escape("".join(letter for letter in text if letter >= " " and not "\ud800" <= letter <= "\udfff"))
