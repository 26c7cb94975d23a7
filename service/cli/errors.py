"""Commands that end with the sentence of what they refuse."""

from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from service.config import PREFIX
from service.errors import ServiceError


class ErrorReportingGroup(TyperGroup):
    """Ends a command that cannot be carried out with one sentence for each reason, and the exit code 1."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer hides the types of its own
        """Carry a command out."""
        try:
            return super().invoke(ctx)
        except (ServiceError, ValidationError, OSError) as refusal:
            for sentence in _sentences(refusal):
                typer.echo(sentence, err=True)
            raise typer.Exit(1) from refusal


def _sentences(refusal: Exception) -> list[str]:
    if isinstance(refusal, ValidationError):
        return [f"{_setting(fault['loc'])}{fault['msg']}" for fault in refusal.errors()]
    if isinstance(refusal, OSError):
        return [f"{refusal.filename}: {refusal.strerror}" if refusal.filename else str(refusal)]
    return [str(refusal)]


def _setting(place: tuple[int | str, ...]) -> str:
    return f"{PREFIX}{str(place[0]).upper()}: " if place else ""
