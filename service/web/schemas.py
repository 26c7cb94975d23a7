"""Base classes and types of request and response models."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from models.cells import MAX_HEADER_LENGTH


def _reject_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a boolean is not an integer")  # noqa: TRY004 - pydantic turns only a ValueError into a validation error
    return value


NAME = r"^[a-z][a-z0-9_-]{0,62}$"

# No control characters, which not every database stores.
PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
Text = Annotated[str, StringConstraints(pattern=PRINTABLE)]
Header = Annotated[str, StringConstraints(pattern=PRINTABLE, max_length=MAX_HEADER_LENGTH)]
Integer = Annotated[int, BeforeValidator(_reject_boolean)]
Name = Annotated[str, StringConstraints(pattern=NAME)]


class ResponseModel(BaseModel):
    """Base class of response bodies."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class RequestModel(BaseModel):
    """Base class of request bodies; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Page(ResponseModel):
    """A page of a list; the last page has no `next_page_token`."""

    next_page_token: str | None = None
