"""Scatter plot of customers in three dimensions."""

from dataclasses import dataclass
from typing import Literal

from models.charts.spec import Chart
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.scatter import is_plain, scatter_chart, scatter_table

DIMENSIONS = 3


@dataclass(frozen=True, kw_only=True)
class Customers3D:
    """Customers by segment in three dimensions."""

    name: Literal["customers-3d"] = "customers-3d"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Return the reason if there are fewer than three dimensions, or no customers."""
        n = sum(max(len(feature.categories or ()) - 1, 1) for feature in version.features)
        if n < DIMENSIONS:
            return "The customers differ in fewer than three dimensions."
        return version.no_customers_reason

    def data(self, version: VersionInput) -> FigureData:
        """Return the coordinates and the segment of each drawn customer."""
        return scatter_table(version, DIMENSIONS)

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw the three columns, or the three principal components."""
        plain = is_plain(version, DIMENSIONS)
        axes = (
            ", ".join(version.numeric)
            if plain
            else "the three directions in which customers differ most"
        )
        return scatter_chart(version, table, DIMENSIONS, f"Customers by segment: {axes}")
