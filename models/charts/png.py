"""PNG renderer with matplotlib's Agg canvas; its import takes a second and 40 MB."""

import warnings
from functools import singledispatch
from io import BytesIO
from threading import Lock
from typing import Any, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from models.charts.scene import Box, Item, Markers, PathItem, Scene, TextItem, outline

PIXEL_RATIO: Final = 2
OPACITY: Final = 0.85
_POINTS_PER_INCH: Final = 72
_ANCHORS: Final = {"start": "left", "middle": "center", "end": "right"}

_lock = Lock()  # all threads share matplotlib's font cache


def to_png(scene: Scene) -> bytes:
    """Render a scene at twice its size in pixels; deterministic."""
    size = (scene.width / _POINTS_PER_INCH, scene.height / _POINTS_PER_INCH)
    figure = Figure(figsize=size, dpi=PIXEL_RATIO * _POINTS_PER_INCH, facecolor=scene.background)
    to_pixels = Affine2D().scale(PIXEL_RATIO, -PIXEL_RATIO).translate(0, PIXEL_RATIO * scene.height)
    for order, item in enumerate(scene.items):
        artist = _to_artist(item)
        artist.set(transform=to_pixels, zorder=order)
        figure.add_artist(artist)
    stream = BytesIO()
    with _lock, warnings.catch_warnings():
        # matplotlib draws a box instead.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        FigureCanvasAgg(figure).print_png(stream, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return stream.getvalue()


@singledispatch
def _to_artist(item: Item) -> Artist:
    raise TypeError(f"{type(item).__name__} is no shape")


@_to_artist.register
def _path_patch(item: PathItem) -> Artist:
    parts = [Path(part, closed=False) for part in item.parts if len(part)]
    path = Path.make_compound_path(*parts) if parts else Path(np.empty((0, 2)))
    look: dict[str, Any] = {
        "facecolor": to_rgba(item.fill, item.opacity) if item.fill else "none",
        "edgecolor": item.color if item.width else "none",
        "linewidth": item.width,
        "linestyle": (0, (4, 3)) if item.dashed else "-",
    }
    return PathPatch(path, joinstyle="round", **look)


@_to_artist.register
def _box(item: Box) -> Artist:
    return Rectangle(
        (item.x, item.y), max(item.width, 0), max(item.height, 0), facecolor=item.fill, linewidth=0
    )


@_to_artist.register
def _markers(item: Markers) -> Artist:
    corners = outline(item.shape, item.size)
    closed = np.vstack([corners, corners[:1]])
    vertices = (item.positions[:, None, :] + closed[None, :, :]).reshape(-1, 2)
    codes = np.tile(
        [Path.MOVETO, *[Path.LINETO] * (len(corners) - 1), Path.CLOSEPOLY], len(item.positions)
    )
    path = Path(vertices, codes.astype(Path.code_type))
    return PathPatch(
        path, facecolor=to_rgba(item.fill, OPACITY), edgecolor=item.edge, linewidth=0.6
    )


@_to_artist.register
def _draw_text(item: TextItem) -> Artist:
    look: dict[str, Any] = {
        "color": item.color,
        "fontsize": item.size,
        "fontweight": "bold" if item.bold else "normal",
    }
    rotation: dict[str, Any] = {
        "rotation": -item.angle,
        "rotation_mode": "anchor",
        "horizontalalignment": _ANCHORS[item.anchor],
    }
    return Text(item.x, item.y, item.text, parse_math=False, **look, **rotation)
