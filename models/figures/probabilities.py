"""How probable each number of segments is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.charts.spec import Axis, Bars, Chart, Label, Panel
from models.figures.data import FigureData
from models.figures.inputs import RecommendationInput
from models.figures.k_curves import SEGMENTS

NOTE = "The dark bars are the fewest numbers that hold the right one with 90 %."
LEAST_SAID = 0.5


@dataclass(frozen=True, kw_only=True)
class Probabilities:
    """How probable each number of segments is."""

    name: Literal["probabilities"] = "probabilities"

    def unavailable_reason(self, judged: RecommendationInput) -> str | None:
        """There are tables of which too little is known."""
        return (
            None
            if judged.probabilities
            else "Too little is known of a table like this to say how probable a number is."
        )

    def data(self, judged: RecommendationInput) -> FigureData:
        """Give the probability of each number of segments."""
        found = judged.probabilities or {}
        rows = tuple((k, p, k in judged.credible_set) for k, p in sorted(found.items()))
        return FigureData(columns=("k", "probability", "credible"), rows=rows, notes=(NOTE,))

    def draw(self, judged: RecommendationInput, table: FigureData) -> Chart:
        """Draw a bar for each number of segments."""
        k, percents, credible = table.numbers("k"), 100 * table.numbers("probability"), table.column("credible")
        says = [f"{each:.0f} segments: {p:.1f} %" for each, p in zip(k, percents, strict=True)]
        bars = Bars(
            at=k, low=np.zeros_like(k), high=percents, colors=["accent" if c else "grid" for c in credible], hover=says
        )
        top = float(percents.max())
        labels = [
            Label(x=float(each), y=float(p) + 0.04 * top, text=f"{p:.0f} %")
            for each, p in zip(k, percents, strict=True)
            if p >= LEAST_SAID
        ]
        ticks = [(float(each), f"{each:.0f}") for each in k]
        x = Axis(low=float(k.min()) - 0.5, high=float(k.max()) + 0.5, ticks=ticks, grid=False, title=SEGMENTS)
        panel = Panel(x=x, y=Axis(low=0, high=1.12 * top, title="probability in %"), marks=[bars, *labels])
        title = f"How many segments there are: {judged.k} is the advice"
        return Chart(title=title, panels=[panel], notes=table.notes)
