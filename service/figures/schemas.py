"""Lists of figures on the wire."""

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
    """A figure that there is, or why there is none."""

    figure: str
    shows: str = Field(description="What is seen.")
    exists: bool
    reason: str | None = Field(description="Why there is none; null where there is one.")
    formats: Sequence[FigureFormat] = Field(description="Endings of its address; `json` is the data behind it.")


class FigureList(ResponseModel):
    """The figures of something."""

    figures: list[FigureOut]
    note: str | None = Field(
        description="What is odd about them: for example that the customers to be seen are those of a newer version "
        "of the dataset; null where nothing is."
    )

    @classmethod
    def of(cls, drawable: FigureSource[Any]) -> Self:
        """List the figures of something, those that it cannot have with the reason."""
        reasons = {figure: figure.unavailable_reason(drawable.subject()) for figure in drawable.figures}
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
        return cls(figures=shown, note=drawable.note)
