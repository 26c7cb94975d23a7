"""SVG renderer: deterministic, with texts as text elements."""

from collections.abc import Iterator
from functools import singledispatch
from html import escape

import numpy as np

from models.charts.scene import Box, Item, Markers, PathItem, Pixels, Scene, TextItem, outline

FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
# Control characters, surrogates and two noncharacters.
_NOT_IN_XML = dict.fromkeys([*range(0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF])


def to_svg(scene: Scene) -> str:
    """Render a scene as one SVG element, with title and notes for screen readers."""
    size = (
        f'width="{scene.width:g}" height="{scene.height:g}" viewBox="0 0 {scene.width:g} '
        f'{scene.height:g}"'
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} font-family="{FONTS}">'
    description = (
        f"<title>{_escape_text(scene.title)}</title>"
        f"<desc>{_escape_text(' '.join(scene.notes))}</desc>"
    )
    background = f'<rect width="100%" height="100%" fill="{scene.background}"/>'
    return "\n".join(
        [
            head + description,
            background,
            *(line for item in scene.items for line in _elements(item)),
            "</svg>\n",
        ]
    )


@singledispatch
def _elements(item: Item) -> Iterator[str]:
    raise TypeError(f"{type(item).__name__} is no shape")


@_elements.register
def _path_element(item: PathItem) -> Iterator[str]:
    path = "".join(_path(part, closed=item.fill is not None) for part in item.parts if len(part))
    if not path:
        return
    dash = ' stroke-dasharray="6 4"' if item.dashed else ""
    line = (
        f' stroke="{item.color}" stroke-width="{item.width:g}" stroke-linejoin="round"{dash}'
        if item.width
        else ""
    )
    opacity = f' fill-opacity="{item.opacity:g}"' if item.fill else ""
    yield f'<path d="{path}" fill="{item.fill or "none"}"{opacity}{line}/>'


@_elements.register
def _box(item: Box) -> Iterator[str]:
    width, height = _fixed(max(item.width, 0)), _fixed(max(item.height, 0))
    geometry = f'x="{_fixed(item.x)}" y="{_fixed(item.y)}" width="{width}" height="{height}"'
    yield f'<rect {geometry} fill="{item.fill}"' + (
        f"><title>{_escape_text(item.tooltip)}</title></rect>" if item.tooltip else "/>"
    )


@_elements.register
def _markers(item: Markers) -> Iterator[str]:
    if not len(item.positions):
        return
    corners = outline(item.shape, item.size)
    steps = np.diff(corners, axis=0)
    rest = "l" + " ".join(f"{_fixed(x)} {_fixed(y)}" for x, y in steps.tolist()) + "z"
    starts = (item.positions + corners[0]).tolist()
    path = "".join(f"M{_fixed(x)} {_fixed(y)}{rest}" for x, y in starts)
    yield (
        f'<path d="{path}" fill="{item.fill}" fill-opacity="0.85" stroke="{item.edge}" '
        'stroke-width="0.6"/>'
    )


@_elements.register
def _text_element(item: TextItem) -> Iterator[str]:
    x, y = _fixed(item.x), _fixed(item.y)
    bold = ' font-weight="600"' if item.bold else ""
    turn = f' transform="rotate({item.angle:g} {x} {y})"' if item.angle else ""
    anchor = f' text-anchor="{item.anchor}"' if item.anchor != "start" else ""
    look = f'font-size="{_fixed(item.size)}" fill="{item.color}"{bold}{anchor}{turn}'
    yield f'<text x="{x}" y="{y}" {look}>{_escape_text(item.text)}</text>'


def _path(points: Pixels, *, closed: bool) -> str:
    positions = " ".join(f"{_fixed(x)} {_fixed(y)}" for x, y in points.tolist())
    return f"M{positions}" + ("z" if closed else "")


def _fixed(value: float) -> str:
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def _escape_text(text: str) -> str:
    """Escape text for XML, without the characters that XML does not allow."""
    return escape(text.translate(_NOT_IN_XML))
