"""Response bodies of figure lists."""

from collections.abc import Sequence
from inspect import getdoc
from typing import Any, Self

from pydantic import Field
from typing_extensions import TypeAliasType

from models.charts.theme import Theme
from models.figures import EXTENSIONS, Extension
from service.figures.operations import FigureSource
from service.web.schemas import ResponseModel

FigureFormat = TypeAliasType("FigureFormat", Extension)
FigureTheme = TypeAliasType("FigureTheme", Theme)


class FigureOut(ResponseModel):
    """Figure, and whether it is available."""

    figure: str
    shows: str = Field(description="A description of the figure.")
    exists: bool
    reason: str | None = Field(description="Why the figure is not available; null if it is.")
    formats: Sequence[FigureFormat] = Field(
        description="The formats, as extensions of its URL. `json` contains the data of the figure."
    )


class FigureList(ResponseModel):
    """Figures of a dataset, recommendation, version or comparison."""

    figures: list[FigureOut]
    note: str | None = Field(
        description="A remark on the figures, for example that they show the customers of a newer "
        "version of the dataset; null if there is none."
    )

    @classmethod
    def of(cls, source: FigureSource[Any]) -> Self:
        """Build the list of the figures of a source, with a reason for each unavailable one."""
        reasons = {figure: figure.unavailable_reason(source.subject()) for figure in source.figures}
        shown = [
            FigureOut(
                figure=figure.name,
                shows=getdoc(type(figure)) or "",
                exists=reason is None,
                reason=reason,
                formats=EXTENSIONS if reason is None else (),
            )
            for figure, reason in reasons.items()
        ]
        return cls(figures=shown, note=source.note)
