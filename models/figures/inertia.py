"""The inertia curve and its knee."""

from dataclasses import dataclass
from typing import Literal

from models.charts.spec import Chart
from models.figures.data import FigureData
from models.figures.inputs import RecommendationInput
from models.figures.k_curves import curves_table, one_curve

NOTE = (
    "The inertia is the sum of squared distances to the centers. A knee is there in every table, also in one without "
    "segments."
)


@dataclass(frozen=True, kw_only=True)
class Inertia:
    """How much nearer customers are to their centers with each further segment, and the knee of that curve."""

    name: Literal["inertia"] = "inertia"

    def unavailable_reason(self, judged: RecommendationInput) -> str | None:
        """Say so where the knee, whose curve it is, was not asked for."""
        return None if judged.verdict("knee") else "The knee was not among the criteria that were asked for."

    def data(self, judged: RecommendationInput) -> FigureData:
        """Give the inertia for each number of segments."""
        verdict = judged.verdict("knee")
        return curves_table([verdict] if verdict else [], [NOTE])

    def draw(self, judged: RecommendationInput, table: FigureData) -> Chart:
        """Draw the curve."""
        verdict = judged.verdict("knee")
        knee = "there is no knee" if verdict is None or verdict.k is None else f"the knee is at {verdict.k}"
        return one_curve(table, "knee", f"What each further segment gains: {knee}", "inertia")
