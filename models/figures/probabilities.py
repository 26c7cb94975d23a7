"""Bar chart of the probability of each number of segments."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.charts.spec import Axis, Bars, Chart, Label, Panel
from models.figures.data import FigureData
from models.figures.inputs import RecommendationInput
from models.figures.k_curves import SEGMENTS

NOTE = (
    "The dark bars are the smallest set of numbers that contains the right one with 90 % "
    "probability."
)
MIN_LABELLED_PERCENT = 0.5


@dataclass(frozen=True, kw_only=True)
class Probabilities:
    """The probability of each number of segments."""

    name: Literal["probabilities"] = "probabilities"

    def unavailable_reason(self, recommendation: RecommendationInput) -> str | None:
        """Return the reason if the recommendation has no probabilities."""
        if not recommendation.probabilities:
            return (
                "The probabilities of the numbers of segments are unknown for tables like this one."
            )
        return None

    def data(self, recommendation: RecommendationInput) -> FigureData:
        """Return the probability of each number of segments."""
        found = recommendation.probabilities or {}
        rows = tuple((k, p, k in recommendation.credible_set) for k, p in sorted(found.items()))
        return FigureData(columns=("k", "probability", "credible"), rows=rows, notes=(NOTE,))

    def draw(self, recommendation: RecommendationInput, table: FigureData) -> Chart:
        """Draw a bar for each number of segments."""
        k, percents, credible = (
            table.numbers("k"),
            100 * table.numbers("probability"),
            table.column("credible"),
        )
        hover = [f"{each:.0f} segments: {p:.1f} %" for each, p in zip(k, percents, strict=True)]
        bars = Bars(
            at=k,
            low=np.zeros_like(k),
            high=percents,
            colors=["accent" if c else "grid" for c in credible],
            hover=hover,
        )
        top = float(percents.max())
        labels = [
            Label(x=float(each), y=float(p) + 0.04 * top, text=f"{p:.0f} %")
            for each, p in zip(k, percents, strict=True)
            if p >= MIN_LABELLED_PERCENT
        ]
        ticks = [(float(each), f"{each:.0f}") for each in k]
        x = Axis(
            low=float(k.min()) - 0.5,
            high=float(k.max()) + 0.5,
            ticks=ticks,
            grid=False,
            title=SEGMENTS,
        )
        panel = Panel(
            x=x, y=Axis(low=0, high=1.12 * top, title="probability in %"), marks=[bars, *labels]
        )
        title = f"Probability of each number of segments: {recommendation.k} are recommended"
        return Chart(title=title, panels=[panel], notes=table.notes)
