"""The inertia curve and its knee."""

from dataclasses import dataclass
from typing import Literal

from models.charts.spec import Chart
from models.figures.data import FigureData
from models.figures.inputs import RecommendationInput
from models.figures.k_curves import curves_table, single_curve_chart

NOTE = (
    "The inertia is the sum of squared distances to the centers. Every table has a knee, even "
    "one without segments."
)


@dataclass(frozen=True, kw_only=True)
class Inertia:
    """The inertia for each number of segments, and the knee of the curve."""

    name: Literal["inertia"] = "inertia"

    def unavailable_reason(self, recommendation: RecommendationInput) -> str | None:
        """Return the reason if the knee criterion, the source of the curve, was not requested."""
        return (
            None
            if recommendation.verdict("knee")
            else "The knee was not among the requested criteria."
        )

    def data(self, recommendation: RecommendationInput) -> FigureData:
        """Return the inertia for each number of segments."""
        verdict = recommendation.verdict("knee")
        return curves_table([verdict] if verdict else [], NOTE)

    def draw(self, recommendation: RecommendationInput, table: FigureData) -> Chart:
        """Draw the curve."""
        verdict = recommendation.verdict("knee")
        knee = (
            "there is no knee"
            if verdict is None or verdict.k is None
            else f"the knee is at {verdict.k}"
        )
        return single_curve_chart(
            table, "knee", f"Inertia for each number of segments: {knee}", "inertia"
        )
