"""Curves of the gap statistic with standard errors."""

from dataclasses import dataclass
from typing import Final, Literal

from models.charts.spec import Chart
from models.figures.data import FigureData
from models.figures.inputs import RecommendationInput
from models.figures.k_curves import curve_panel, curves_table

KINDS: Final = {
    "gap": "against a uniform distribution",
    "gap_pca": "against a uniform distribution along the main directions",
}
HEIGHT: Final = 330.0
NOTE: Final = (
    "How much tighter the segments are than those of customers who form none (Tibshirani, Walther "
    "& Hastie 2001). "
    "Error bars are one standard error. The large point is the first number within one error of "
    "the next."
)


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """The gap statistic for each number of segments."""

    name: Literal["gap"] = "gap"

    def unavailable_reason(self, recommendation: RecommendationInput) -> str | None:
        """Return the reason if no gap criterion was requested."""
        return (
            None
            if any(map(recommendation.verdict, KINDS))
            else "The gap was not among the requested criteria."
        )

    def data(self, recommendation: RecommendationInput) -> FigureData:
        """Return each gap for each number of segments, with its standard error."""
        return curves_table(
            [verdict for verdict in map(recommendation.verdict, KINDS) if verdict], NOTE
        )

    def draw(self, recommendation: RecommendationInput, table: FigureData) -> Chart:
        """Draw the gaps with error bars."""
        shown = [name for name in KINDS if recommendation.verdict(name)]
        panels = [curve_panel(table, name, title=KINDS[name], score="gap") for name in shown]
        title = "The gap statistic, with its standard error"
        return Chart(
            title=title, panels=panels, notes=table.notes, columns=len(panels), height=HEIGHT
        )
