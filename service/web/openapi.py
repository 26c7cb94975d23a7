"""What OpenAPI says of the service beyond what the routes declare themselves."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import JsonValue

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
_CSV = "\n".join(",".join(map(str, line)) for line in (SAMPLE_ROW, *(row.values() for row in _ROWS)))

TABLE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The table: JSON with one object for each customer, or CSV with a header "
        "(comma, semicolon or tab; UTF-8 or Latin-1).",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["customers"],
                    "properties": {"customers": {"type": "array", "items": {"type": "object"}}},
                },
                "example": {"customers": _ROWS},
            },
            "text/csv": {"schema": {"type": "string"}, "example": _CSV},
        },
    },
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
