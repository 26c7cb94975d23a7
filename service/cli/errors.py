"""Error messages of commands."""

from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from service.config import PREFIX
from service.errors import ServiceError


class ErrorReportingGroup(TyperGroup):
    """Command group that prints expected errors without a traceback and exits with code 1."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer hides the types of its own
        try:
            return super().invoke(ctx)
        except (ServiceError, ValidationError, OSError) as error:
            for message in _messages(error):
                typer.echo(message, err=True)
            raise typer.Exit(1) from error


def _messages(error: Exception) -> list[str]:
    if isinstance(error, ValidationError):
        return [f"{_setting_prefix(fault['loc'])}{fault['msg']}" for fault in error.errors()]
    if isinstance(error, OSError) and error.filename:
        return [f"{error.filename}: {error.strerror}"]
    return [str(error)]


def _setting_prefix(location: tuple[int | str, ...]) -> str:
    return f"{PREFIX}{str(location[0]).upper()}: " if location else ""
