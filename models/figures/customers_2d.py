"""Scatter plot of customers in two dimensions."""

from dataclasses import dataclass
from typing import Literal

from models.charts.spec import Chart
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.scatter import is_plain, scatter_chart, scatter_table


@dataclass(frozen=True, kw_only=True)
class Customers2D:
    """Customers by segment in two dimensions."""

    name: Literal["customers"] = "customers"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """Return the reason if a single number is the only feature, or without customers."""
        if is_plain(version, 1):
            return "The segments differ in a single number: see the boxes."
        return version.no_customers_reason

    def data(self, version: VersionInput) -> FigureData:
        """Return the coordinates and the segment of each drawn customer."""
        return scatter_table(version, 2)

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw the two columns, or the two principal components."""
        axes = "the two directions in which customers differ most"
        if is_plain(version, 2):
            axes = " against ".join(version.numeric)
        return scatter_chart(version, table, 2, f"Customers by segment: {axes}")
