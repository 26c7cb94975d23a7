"""Media types as headers carry them (RFC 9110), read by the parser that also reads forms."""

from typing import NamedTuple

from python_multipart.multipart import parse_options_header


class MediaType(NamedTuple):
    """A media type in lower case, and its charset and quality where they are given."""

    name: str
    charset: str | None = None
    quality: str | None = None


def parse_media_type(text: str) -> MediaType:
    """Parse a media type or a range of them, in linear time."""
    name, parameters = parse_options_header(text)
    return MediaType(name.decode("latin-1"), _text(parameters.get(b"charset")), _text(parameters.get(b"q")))


def _text(value: bytes | None) -> str | None:
    return value.decode("latin-1") if value else None
