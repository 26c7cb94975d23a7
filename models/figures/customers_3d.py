"""Customers in three dimensions."""

from dataclasses import dataclass
from typing import Literal

from models.charts.spec import Chart
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.scatter import is_plain, scatter_chart, scatter_table

DIMENSIONS = 3


@dataclass(frozen=True, kw_only=True)
class Customers3D:
    """Who is in which segment, in space."""

    name: Literal["customers-3d"] = "customers-3d"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Two numbers have no third dimension."""
        n = sum(max(len(feature.categories or ()) - 1, 1) for feature in version.features)
        return version.unseen if n >= DIMENSIONS else "The customers differ in fewer than three dimensions."

    def data(self, version: VersionInput) -> FigureData:
        """Give each drawn customer's place and segment."""
        return scatter_table(version, DIMENSIONS)

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw the three columns, or the three principal components."""
        plain = is_plain(version, DIMENSIONS)
        seen = ", ".join(version.numeric) if plain else "the three directions in which customers differ most"
        return scatter_chart(version, table, DIMENSIONS, f"Who is in which segment: {seen}")
