"""What OpenAPI says of the service beyond what the routes declare themselves."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import JsonValue

from service.principals import required_scope
from service.web.error_responses import add_error_responses
from service.web.formats import MEDIA_TYPES, MULTIPART
from service.web.problems import ProblemDetails

SAMPLE_ROW: dict[str, JsonValue] = {
    "CustomerID": "1",
    "Gender": "Female",
    "Age": 35,
    "Annual Income (k$)": 40,
    "Spending Score (1-100)": 60,
}
_FILE: dict[str, Any] = {"type": "string", "format": "binary"}
# Bodies that no route reads by a model: they are tables, in one format or another.
_BODIES: dict[str, Any] = {
    "Table": {
        "type": "object",
        "description": "Rows of a table: customers, or transactions.",
        "required": ["customers"],
        "properties": {"customers": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}},
    },
    "Row": {"type": "object", "description": "A row: its cells by the names of their columns."},
    "TableFile": {
        "type": "object",
        "description": "A table as a file; its name or its media type says in which format.",
        "required": ["file"],
        "properties": {"file": _FILE},
    },
}


SECURITY: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key, as `Authorization: Bearer <key>`."},
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same key in a header of its own.",
    },
}


def table_request_body(description: str, rows: list[dict[str, JsonValue]]) -> dict[str, Any]:
    """Describe a body in any of the formats, by the same example in each."""
    texts = {
        "text/csv": _delimited(",", rows),
        "text/tab-separated-values": _delimited("\t", rows),
        **dict.fromkeys(["application/x-ndjson", "application/jsonl"], "\n".join(map(json.dumps, rows))),
    }
    content = {
        "application/json": {"schema": _named("Table"), "example": {"customers": rows}},
        **{kind: {"schema": {"type": "string"}, "example": text} for kind, text in texts.items()},
        **{kind: {"schema": _FILE} for kind in MEDIA_TYPES if kind not in {"application/json", *texts}},
        MULTIPART: {"schema": _named("TableFile")},
    }
    return {"requestBody": {"required": True, "description": description, "content": content}}


def _named(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _delimited(delimiter: str, rows: list[dict[str, JsonValue]]) -> str:
    return "\n".join(delimiter.join(map(str, line)) for line in (rows[0], *(row.values() for row in rows)))


TABLE_BODY = table_request_body(
    "The table: JSON or lines of JSON with one object for each customer; CSV with a header (comma, semicolon, bar or "
    "tab; UTF-8, UTF-16 or Latin-1); Parquet; an Arrow stream; or a form with one such file.",
    [
        SAMPLE_ROW,
        {"CustomerID": "2", "Gender": "Male", "Age": 52, "Annual Income (k$)": 88, "Spending Score (1-100)": 17},
        {"CustomerID": "3", "Gender": "Female", "Age": 24, "Annual Income (k$)": 25, "Spending Score (1-100)": 80},
    ],
)
TRANSACTIONS_BODY = table_request_body(
    "Further transactions, in any format; in JSON they stand under `customers`, too.",
    [
        {"CustomerID": "1", "Date": "2026-01-05", "Amount": 29.9},
        {"CustomerID": "new-1", "Date": "2026-01-06", "Amount": 12.5},
    ],
)


def operation_id(route: APIRoute) -> str:
    """Name an operation by its room and its function: anyone finds its code."""
    return f"{route.tags[0]}-{route.name}"


def install_openapi(app: FastAPI) -> None:
    """Say in every operation what it does, and that it may answer with a problem."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _extend_schema(describe())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend its schema


def _extend_schema(schema: dict[str, Any]) -> dict[str, Any]:
    schemas = schema["components"]["schemas"]
    definition = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(definition.pop("$defs"), ProblemDetails=definition, **_BODIES)
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schema["components"]["securitySchemes"] = SECURITY
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            needed = required_scope(method.upper(), path)
            operation["security"] = [{way: [needed]} for way in SECURITY] if needed else []
            for parameter in operation.get("parameters", ()):
                _show_example(parameter)
            operation["summary"] = operation["description"].partition("\n")[0].removesuffix(".")
            operation["responses"].pop("422", None)
            add_error_responses(method, operation, is_open=needed is None)
    return schema


def _show_example(parameter: dict[str, Any]) -> None:
    """Say once more where Swagger looks for what it fills in."""
    if "examples" in parameter["schema"]:
        parameter["example"] = parameter["schema"]["examples"][0]
