"""Media types as headers write them: `text/csv; charset=utf-8`."""

from python_multipart.multipart import parse_options_header


def parse_media_type(header: str) -> tuple[str, dict[str, str]]:
    """Parse a media type and its parameters (RFC 9110, 8.3.1) in linear time."""
    media_type, parameters = parse_options_header(header)
    return _text(media_type), {_text(name): _text(value) for name, value in parameters.items()}


def _text(value: bytes) -> str:
    return value.decode("latin-1")
