"""What OpenAPI says of the service beyond what the routes declare themselves."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import JsonValue

from service.web.formats import MULTIPART, READERS
from service.web.problems import MEDIA_TYPE, ProblemDetails

SAMPLE_ROW: dict[str, JsonValue] = {
    "CustomerID": "1",
    "Gender": "Female",
    "Age": 35,
    "Annual Income (k$)": 40,
    "Spending Score (1-100)": 60,
}
_ROWS: list[dict[str, JsonValue]] = [
    SAMPLE_ROW,
    {"CustomerID": "2", "Gender": "Male", "Age": 52, "Annual Income (k$)": 88, "Spending Score (1-100)": 17},
    {"CustomerID": "3", "Gender": "Female", "Age": 24, "Annual Income (k$)": 25, "Spending Score (1-100)": 80},
]


def _delimited(delimiter: str) -> str:
    return "\n".join(delimiter.join(map(str, line)) for line in (SAMPLE_ROW, *(row.values() for row in _ROWS)))


_OBJECT: dict[str, Any] = {
    "type": "object",
    "required": ["customers"],
    "properties": {"customers": {"type": "array", "items": {"type": "object"}}},
}
_FILE: dict[str, Any] = {"type": "string", "format": "binary"}
_TEXTS: dict[str, str] = {
    "text/csv": _delimited(","),
    "text/tab-separated-values": _delimited("\t"),
    **dict.fromkeys(["application/x-ndjson", "application/jsonl"], "\n".join(map(json.dumps, _ROWS))),
}

TABLE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The table: JSON or lines of JSON with one object for each customer; CSV with a header (comma, "
        "semicolon, bar or tab; UTF-8, UTF-16 or Latin-1); Parquet; an Arrow stream; or a form with one such file.",
        "content": {
            "application/json": {"schema": _OBJECT, "example": {"customers": _ROWS}},
            **{kind: {"schema": {"type": "string"}, "example": text} for kind, text in _TEXTS.items()},
            **{kind: {"schema": _FILE} for kind in READERS if kind not in {"application/json", *_TEXTS}},
            MULTIPART: {"schema": {"type": "object", "required": ["file"], "properties": {"file": _FILE}}},
        },
    },
}


TRANSACTIONS_BODY: dict[str, Any] = {
    "requestBody": {**TABLE_BODY["requestBody"], "description": "Further transactions, in any format that PUT takes."},
}


def operation_id(route: APIRoute) -> str:
    """Name an operation by its room and its function: anyone finds its code."""
    return f"{route.tags[0]}-{route.name}"


def install_openapi(app: FastAPI) -> None:
    """Say in every operation what it does, and that it may answer with a problem."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(describe())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend its schema


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    schemas = schema["components"]["schemas"]
    definition = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(definition.pop("$defs"), ProblemDetails=definition)
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = {
        "description": "A problem (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    }
    for path in schema["paths"].values():
        for operation in path.values():
            operation["summary"] = operation["description"].partition("\n")[0].removesuffix(".")
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = problem
    return schema
