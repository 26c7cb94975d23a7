"""What all wire types share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

NAME = r"^[a-z][a-z0-9_-]{0,62}$"

Name = Annotated[str, StringConstraints(pattern=NAME)]


class Wire(BaseModel):
    """A body that the service sends."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Request(BaseModel):
    """A body that the service reads: an unknown field is an error, not a silent loss."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Page(Wire):
    """A part of a list; without a `next_page_token` it is the last one."""

    next_page_token: str | None = None
