"""Customers in two dimensions."""

from dataclasses import dataclass
from typing import Literal

from models.charts.spec import Chart
from models.figures.data import FigureData
from models.figures.inputs import VersionInput
from models.figures.scatter import is_plain, scatter_chart, scatter_table


@dataclass(frozen=True, kw_only=True)
class Customers2D:
    """Who is in which segment."""

    name: Literal["customers"] = "customers"

    def unavailable_reason(self, version: VersionInput) -> str | None:
        """One number makes a line, which the boxes show better."""
        if is_plain(version, 1):
            return "The segments differ in a single number: see the boxes."
        return version.unseen

    def data(self, version: VersionInput) -> FigureData:
        """Give each drawn customer's place and segment."""
        return scatter_table(version, 2)

    def draw(self, version: VersionInput, table: FigureData) -> Chart:
        """Draw the two columns, or the two principal components."""
        seen = "the two directions in which customers differ most"
        if is_plain(version, 2):
            seen = " against ".join(version.numeric)
        return scatter_chart(version, table, 2, f"Who is in which segment: {seen}")
