"""Heat map of the profiles of segments."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.charts.spec import Axis, Cells, Chart, Panel, category_axis
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.segment_axes import height, rows
from models.figures.segment_scores import omitted_note, trait_table

REACH = 2.0
ROOM_BELOW = 110.0
NOTE = "In standard deviations from the average customer: blue is less, red is more."


@dataclass(frozen=True, kw_only=True)
class ProfileHeatmap:
    """Difference of each segment from the average customer, by trait."""

    name: Literal["profiles"] = "profiles"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Return the reason if the customers are not available."""
        return version.no_customers_reason

    def data(self, version: VersionInput) -> FigureData:
        """Return each segment's score of each trait, and its typical value in original units."""
        return trait_table(
            version, [NOTE, *omitted_note(version), *version.sample.coverage_notes, *version.notes]
        )

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw a cell for each segment and trait."""
        traits = list(dict.fromkeys(table.texts("trait")))
        shape = (len(version.shown), len(traits))
        values = table.numbers("score").reshape(shape)
        typical = np.array(table.texts("typical"), dtype=object).reshape(shape)
        names = [segment.name for segment in version.shown]
        hover = [
            [
                f"{name}\n{trait}: {typical[i, j]}\n{values[i, j]:+.2f} standard deviations"
                for j, trait in enumerate(traits)
            ]
            for i, name in enumerate(names)
        ]
        cells = Cells(values=values, reach=REACH, texts=typical.tolist(), hover=hover)
        y = Axis(**{**vars(rows(version.shown)), "grid": False})
        panel = Panel(x=category_axis(traits), y=y, marks=[cells])
        title = "What sets each segment apart: typical values, colored by how unusual they are"
        return Chart(
            title=title, panels=[panel], notes=table.notes, height=height(len(names)) + ROOM_BELOW
        )
