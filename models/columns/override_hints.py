"""Override hints in warnings: a JSON body for ``?schema=`` and for PATCH."""

import json


def override_json(name: str, **change: object) -> str:
    """Return the override of one column as JSON: ``{"columns": {"age": {"missing": ["999"]}}}``."""
    return json.dumps({"columns": {name: change}}, ensure_ascii=False)
