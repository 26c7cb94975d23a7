"""Every criterion's curve."""

from dataclasses import dataclass
from typing import Final, Literal

from models.charts.spec import Chart
from models.figures.data import FigureData
from models.figures.inputs import RecommendationInput
from models.figures.k_curves import chosen_by, curve_panel, curves_table

GRID: Final = 3
HEIGHT: Final = 225.0
NOTE: Final = "The large point is where the criterion itself would choose. Some point upwards, some downwards."


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What each criterion says of each number of segments."""

    name: Literal["criteria"] = "criteria"

    def unavailable_reason(self, judged: RecommendationInput) -> str | None:
        """Without verdicts there are no curves."""
        return None if any(each.scores for each in judged.verdicts) else "No criterion has anything to say."

    def data(self, judged: RecommendationInput) -> FigureData:
        """Give each criterion's figure for each number of segments."""
        return curves_table([verdict for verdict in judged.verdicts if verdict.scores], [NOTE])

    def draw(self, judged: RecommendationInput, table: FigureData) -> Chart:
        """Draw a curve for each criterion."""
        spoken = [verdict for verdict in judged.verdicts if verdict.scores]
        panels = [curve_panel(table, verdict.criterion, title=chosen_by(verdict)) for verdict in spoken]
        title = f"What each criterion says; the advice of all together is {judged.k}"
        return Chart(title=title, panels=panels, notes=table.notes, columns=min(GRID, len(panels)), height=HEIGHT)
