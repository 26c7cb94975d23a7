"""What Schemathesis does not know of our formats; it loads this by itself."""

import schemathesis


@schemathesis.serializer("application/jsonl", "application/x-ndjson")
def write_lines(_, value):
    return value.encode() if isinstance(value, str) else str(value).encode()
