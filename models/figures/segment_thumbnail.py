"""Thumbnail: a small bar chart of one segment against all customers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from models.charts.spec import Axis, Bars, Chart, Label, Line, Panel
from models.charts.text_metrics import shortened
from models.differences import describe_difference

MAX_TRAITS: Final = 6
WIDTH: Final = 380.0
ROW: Final = 42.0
AROUND_ROWS: Final = 28.0
TEXT: Final = 12.0
REACH: Final = 3.0  # effects are clipped to this
BAR: Final = 0.36


def draw_thumbnail(differences: Sequence[Mapping[str, Any]], color: int) -> Chart | None:
    """Draw the strongest differences of a segment from all customers; None without differences.

    Parameters
    ----------
    differences
        The differences of a profile, each with `feature`, `category`, `here`, `overall`, `effect`
        and `measure`.
    color
        The index of the segment.
    """
    shown = differences[:MAX_TRAITS]
    if not shown:
        return None
    effects = np.clip([each["effect"] for each in shown], -REACH, REACH).astype(np.float64)
    reach, at = max(1.0, float(np.abs(effects).max())), np.arange(len(shown), dtype=np.float64)
    texts = [describe_difference(each) for each in shown]
    bars = Bars(
        at=at + BAR / 2,
        low=np.minimum(effects, 0.0),
        high=np.maximum(effects, 0.0),
        colors=[color] * len(shown),
        width=BAR,
        horizontal=True,
        hover=texts,
    )
    ends = np.column_stack(
        [at, at + BAR, np.full(len(shown), np.nan)]
    ).ravel()  # interrupted at the texts
    average = Line(x=np.zeros(len(ends)), y=ends, color="muted", width=1)
    room = WIDTH - 50.0
    words = [
        Label(x=-reach, y=row - BAR / 2 - 0.08, text=shortened(text, TEXT, room), anchor="start")
        for row, text in zip(at.tolist(), texts, strict=True)
    ]
    x = Axis(
        low=-reach,
        high=reach,
        ticks=[(-reach, "less"), (0.0, "all customers"), (reach, "more")],
        grid=False,
    )
    y = Axis(low=len(shown) - 0.5, high=-0.5, hidden=True, grid=False)
    panels = [Panel(x=x, y=y, marks=[bars, average, *words])]
    return Chart(
        title="Against all customers",
        panels=panels,
        height=ROW * len(shown) + AROUND_ROWS,
        width=WIDTH,
    )
