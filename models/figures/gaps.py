"""The gap statistic with its standard errors."""

from dataclasses import dataclass
from typing import Final, Literal

from models.charts.spec import Chart
from models.figures.data import FigureData
from models.figures.inputs import RecommendationInput
from models.figures.k_curves import curve_panel, curves_table

KINDS: Final = {"gap": "against an even spread", "gap_pca": "against an even spread along the main directions"}
HEIGHT: Final = 330.0
NOTE: Final = (
    "How much better the customers fall into segments than customers without any would (Tibshirani, Walther & Hastie "
    "2001), with one standard error. The large point is the first within an error of the next."
)


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """How much better the customers fall into segments than customers without any would."""

    name: Literal["gap"] = "gap"

    def unavailable_reason(self, judged: RecommendationInput) -> str | None:
        """Say so where no gap was asked for."""
        return None if any(map(judged.verdict, KINDS)) else "The gap was not among the criteria that were asked for."

    def data(self, judged: RecommendationInput) -> FigureData:
        """Give each gap for each number of segments, with its standard error."""
        return curves_table([verdict for verdict in map(judged.verdict, KINDS) if verdict], [NOTE])

    def draw(self, judged: RecommendationInput, table: FigureData) -> Chart:
        """Draw the gaps with error bars."""
        there = [name for name in KINDS if judged.verdict(name)]
        panels = [curve_panel(table, name, title=KINDS[name], score="gap") for name in there]
        title = "Better than customers without segments? The gap, with its error"
        return Chart(title=title, panels=panels, notes=table.notes, columns=len(panels), height=HEIGHT)
