"""What to send to overrule a reading: the same body for ``?schema=`` and for PATCH."""

import json


def propose(name: str, **change: object) -> str:
    """Write the declaration of one column: ``{"columns": {"age": {"missing": ["999"]}}}``."""
    return json.dumps({"columns": {name: change}}, ensure_ascii=False)
