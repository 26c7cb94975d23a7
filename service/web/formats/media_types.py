"""Media types as headers write them: `text/csv; charset=utf-8`."""


def parse_media_type(header: str) -> tuple[str, dict[str, str]]:
    """Parse a media type and its parameters (RFC 9110, 8.3.1); of a parameter that occurs twice the first counts."""
    media_type, *rest = header.split(";")
    parameters: dict[str, str] = {}
    for parameter in rest:
        name, _, value = parameter.partition("=")
        parameters.setdefault(name.strip().lower(), value.strip().strip('"'))
    return media_type.strip().lower(), parameters
