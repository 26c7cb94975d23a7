"""Curves of criteria over the number of segments, shared by the figures of recommendations."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.charts.spec import Axis, Chart, Line, Mark, Panel, Points, span
from models.criteria.base import Verdict
from models.figures.data import FigureData

COLUMNS: Final = ("criterion", "k", "score", "standard_error", "chosen")
SEGMENTS: Final = "number of segments"
MAX_TICKS: Final = 8


def curves_table(verdicts: Sequence[Verdict], note: str) -> FigureData:
    """Build the table of the scores of criteria for each number of segments."""
    rows = tuple(
        (verdict.criterion, k, score, verdict.errors.get(k), k == verdict.k)
        for verdict in verdicts
        for k, score in verdict.scores.items()
    )
    return FigureData(columns=COLUMNS, rows=rows, notes=(note,))


def curve_panel(table: FigureData, name: str, *, title: str = "", score: str = "") -> Panel:
    """Draw the curve of one criterion, its choice as a large point."""
    own = table.where("criterion", name)
    k, scores, errors = (
        own.numbers("k"),
        own.numbers("score"),
        np.nan_to_num(own.numbers("standard_error")),
    )
    chosen = own.numbers("chosen") > 0
    hover = [f"{each:.0f} segments: {value:.4g}" for each, value in zip(k, scores, strict=True)]
    marks: list[Mark] = [
        Line(x=k, y=scores, color="accent"),
        *([_error_bars(k, scores, errors)] if errors.any() else []),
        Points(x=k, y=scores, size=6, hover=hover),
        Points(x=k[chosen], y=scores[chosen], color="warm", size=13, label="its choice"),
    ]
    low, high = span(scores - errors, scores + errors)
    ticks = [(float(each), f"{each:.0f}") for each in k[:: -(-len(k) // MAX_TICKS)]]
    x = Axis(
        low=float(k.min()) - 0.5, high=float(k.max()) + 0.5, ticks=ticks, grid=False, title=SEGMENTS
    )
    return Panel(x=x, y=Axis(low=low, high=high, title=score), marks=marks, title=title)


def criterion_title(verdict: Verdict) -> str:
    """Build the title of a criterion with its choice."""
    plain = verdict.criterion.replace("_", " ")
    return f"{plain}: none" if verdict.k is None else f"{plain}: {verdict.k}"


def single_curve_chart(table: FigureData, name: str, title: str, score: str) -> Chart:
    """Build the chart of a single criterion."""
    return Chart(title=title, panels=[curve_panel(table, name, score=score)], notes=table.notes)


def _error_bars(x: np.ndarray, y: np.ndarray, errors: np.ndarray) -> Line:
    """Draw error bars of one standard error, with caps."""
    gap, cap = np.full(len(x), np.nan), 0.12
    xs = np.column_stack([x, x, gap, x - cap, x + cap, gap, x - cap, x + cap, gap])
    ys = np.column_stack(
        [y - errors, y + errors, gap, y - errors, y - errors, gap, y + errors, y + errors, gap]
    )
    return Line(x=xs.ravel(), y=ys.ravel(), color="muted", width=1.2)
