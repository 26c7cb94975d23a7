"""Curves of all criteria."""

from dataclasses import dataclass
from typing import Final, Literal

from models.charts.spec import Chart
from models.figures.data import FigureData
from models.figures.inputs import RecommendationInput
from models.figures.k_curves import criterion_title, curve_panel, curves_table

GRID: Final = 3
HEIGHT: Final = 225.0
NOTE: Final = (
    "The large point is the criterion's own choice. Some criteria are maximized, others minimized."
)


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """The score of each criterion for each number of segments."""

    name: Literal["criteria"] = "criteria"

    def unavailable_reason(self, recommendation: RecommendationInput) -> str | None:
        """Return the reason if no criterion has scores."""
        return (
            None
            if any(each.scores for each in recommendation.verdicts)
            else "No criterion has a result."
        )

    def data(self, recommendation: RecommendationInput) -> FigureData:
        """Return the score of each criterion for each number of segments."""
        return curves_table(
            [verdict for verdict in recommendation.verdicts if verdict.scores], NOTE
        )

    def draw(self, recommendation: RecommendationInput, table: FigureData) -> Chart:
        """Draw a curve for each criterion."""
        shown = [verdict for verdict in recommendation.verdicts if verdict.scores]
        panels = [
            curve_panel(table, verdict.criterion, title=criterion_title(verdict))
            for verdict in shown
        ]
        title = f"The score of each criterion; {recommendation.k} segments are recommended"
        return Chart(
            title=title,
            panels=panels,
            notes=table.notes,
            columns=min(GRID, len(panels)),
            height=HEIGHT,
        )
