"""What figures of recommendations share: a criterion's curve, with the number of segments that it would choose."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from models.charts.spec import Axis, Chart, Line, Mark, Panel, Points, span
from models.criteria.base import Verdict
from models.figures.data import FigureData

COLUMNS: Final = ("criterion", "k", "score", "standard_error", "chosen")
SEGMENTS: Final = "number of segments"
MOST_TICKS: Final = 8


def curves_table(verdicts: Sequence[Verdict], notes: Sequence[str] = ()) -> FigureData:
    """Give the figures of some criteria for each number of segments."""
    rows = tuple(
        (verdict.criterion, k, score, verdict.errors.get(k), k == verdict.k)
        for verdict in verdicts
        for k, score in verdict.scores.items()
    )
    return FigureData(columns=COLUMNS, rows=rows, notes=tuple(notes))


def curve_panel(table: FigureData, name: str, *, title: str = "", score: str = "") -> Panel:
    """Draw the curve of one criterion, a diamond where it would choose."""
    own = table.where("criterion", name)
    k, scores, errors = own.numbers("k"), own.numbers("score"), np.nan_to_num(own.numbers("standard_error"))
    chosen = own.numbers("chosen") > 0
    says = [f"{each:.0f} segments: {value:.4g}" for each, value in zip(k, scores, strict=True)]
    marks: list[Mark] = [
        Line(x=k, y=scores, color="accent"),
        *([_bars(k, scores, errors)] if errors.any() else []),
        Points(x=k, y=scores, size=6, hover=says),
        Points(x=k[chosen], y=scores[chosen], color="warm", size=13, label="its choice"),
    ]
    low, high = span(scores - errors, scores + errors)
    ticks = [(float(each), f"{each:.0f}") for each in k[:: -(-len(k) // MOST_TICKS)]]
    x = Axis(low=float(k.min()) - 0.5, high=float(k.max()) + 0.5, ticks=ticks, grid=False, title=SEGMENTS)
    return Panel(x=x, y=Axis(low=low, high=high, title=score), marks=marks, title=title)


def chosen_by(verdict: Verdict) -> str:
    """Say which number of segments a criterion would choose."""
    plain = verdict.criterion.replace("_", " ")
    return f"{plain}: none" if verdict.k is None else f"{plain}: {verdict.k}"


def one_curve(table: FigureData, name: str, title: str, score: str) -> Chart:
    """Show a single criterion."""
    return Chart(title=title, panels=[curve_panel(table, name, score=score)], notes=table.notes)


def _bars(x: np.ndarray, y: np.ndarray, errors: np.ndarray) -> Line:
    """Draw one standard error up and down, with caps."""
    gap, cap = np.full(len(x), np.nan), 0.12
    xs = np.column_stack([x, x, gap, x - cap, x + cap, gap, x - cap, x + cap, gap])
    ys = np.column_stack([y - errors, y + errors, gap, y - errors, y - errors, gap, y + errors, y + errors, gap])
    return Line(x=xs.ravel(), y=ys.ravel(), color="muted", width=1.2)
