"""What all wire types share."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from models.cells import MAX_HEADER_LENGTH


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a boolean is not an integer")  # noqa: TRY004 - pydantic takes only this for a fault of the input
    return value


NAME = r"^[a-z][a-z0-9_-]{0,62}$"

# Without control characters and halves of characters, which not every database and no client can take.
PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
Text = Annotated[str, StringConstraints(pattern=PRINTABLE)]
Header = Annotated[str, StringConstraints(pattern=PRINTABLE, max_length=MAX_HEADER_LENGTH)]
Integer = Annotated[int, BeforeValidator(_no_boolean)]
Name = Annotated[str, StringConstraints(pattern=NAME)]


class ResponseModel(BaseModel):
    """A body that the service sends."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class RequestModel(BaseModel):
    """A body that the service reads: an unknown field is an error, not a silent loss."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Page(ResponseModel):
    """A part of a list; without a `next_page_token` it is the last one."""

    next_page_token: str | None = None
