"""Additions to the OpenAPI schema: table bodies, security schemes, error responses and examples."""

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
# Bodies without a pydantic model: tables in any format.
_BODIES: dict[str, Any] = {
    "Table": {
        "type": "object",
        "description": "Rows of a table: customers or transactions.",
        "required": ["customers"],
        "properties": {
            "customers": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
        },
    },
    "Row": {"type": "object", "description": "A row: an object of column names and cells."},
    "TableFile": {
        "type": "object",
        "description": "A table as a file; its media type or file name extension determines the "
        "format.",
        "required": ["file"],
        "properties": {"file": _FILE},
    },
}


SECURITY: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key as `Authorization: Bearer <key>`.",
    },
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "An API key as `X-API-Key: <key>`.",
    },
}


def table_request_body(description: str, rows: list[dict[str, JsonValue]]) -> dict[str, Any]:
    """Return the OpenAPI request body of a table, with an example in each format."""
    texts = {
        "text/csv": _format_delimited(",", rows),
        "text/tab-separated-values": _format_delimited("\t", rows),
        **dict.fromkeys(
            ["application/x-ndjson", "application/jsonl"], "\n".join(map(json.dumps, rows))
        ),
    }
    content = {
        "application/json": {"schema": _reference("Table"), "example": {"customers": rows}},
        **{kind: {"schema": {"type": "string"}, "example": text} for kind, text in texts.items()},
        **{
            kind: {"schema": _FILE}
            for kind in MEDIA_TYPES
            if kind not in {"application/json", *texts}
        },
        MULTIPART: {"schema": _reference("TableFile")},
    }
    return {"requestBody": {"required": True, "description": description, "content": content}}


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _format_delimited(delimiter: str, rows: list[dict[str, JsonValue]]) -> str:
    return "\n".join(
        delimiter.join(map(str, line)) for line in (rows[0], *(row.values() for row in rows))
    )


TABLE_BODY = table_request_body(
    "The table: JSON or JSON Lines with one object per customer; CSV with a header (comma, "
    "semicolon, pipe or tab; "
    "UTF-8, UTF-16 or Latin-1); Parquet; an Arrow stream; or a form with one such file.",
    [
        SAMPLE_ROW,
        {
            "CustomerID": "2",
            "Gender": "Male",
            "Age": 52,
            "Annual Income (k$)": 88,
            "Spending Score (1-100)": 17,
        },
        {
            "CustomerID": "3",
            "Gender": "Female",
            "Age": 24,
            "Annual Income (k$)": 25,
            "Spending Score (1-100)": 80,
        },
    ],
)
TRANSACTIONS_BODY = table_request_body(
    "Further transactions in any format; in JSON, they are also listed under `customers`.",
    [
        {"CustomerID": "1", "Date": "2026-01-05", "Amount": 29.9},
        {"CustomerID": "new-1", "Date": "2026-01-06", "Amount": 12.5},
    ],
)


def operation_id(route: APIRoute) -> str:
    """Build an operation id from the route's tag and function name."""
    return f"{route.tags[0]}-{route.name}"


def install_openapi(app: FastAPI) -> None:
    """Extend the generated OpenAPI schema."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _extend_schema(generate())
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
            required = required_scope(method.upper(), path)
            operation["security"] = (
                [{scheme: [required]} for scheme in SECURITY] if required else []
            )
            for parameter in operation.get("parameters", ()):
                if "examples" in parameter["schema"]:  # Swagger UI reads `example` alone
                    parameter["example"] = parameter["schema"]["examples"][0]
            operation["summary"] = operation["description"].partition("\n")[0].removesuffix(".")
            operation["responses"].pop("422", None)
            add_error_responses(method, operation, is_open=required is None)
    return schema
