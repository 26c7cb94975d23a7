"""Swagger UI and ReDoc from this machine's own files: they work on a closed network."""

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

ASSETS = "fastapi_standalone_docs"
OPENAPI = "/openapi.json"
FAVICON = "/docs/assets/fastapi/favicon.png"

router = APIRouter(tags=["pages"], include_in_schema=False)


def install_pages(app: FastAPI) -> None:
    """Serve the pages on which people explore the service."""
    app.include_router(router)
    app.mount("/docs/assets", StaticFiles(packages=[(ASSETS, "static")]))
    app.mount("/redoc", StaticFiles(packages=[(ASSETS, "static/redoc")]))  # ReDoc looks for its logo below its page


@router.get("/docs")
def show_swagger() -> HTMLResponse:
    """Try the service out."""
    return get_swagger_ui_html(
        openapi_url=OPENAPI,
        title="Customer segmentation",
        swagger_js_url="/docs/assets/swagger/swagger-ui-bundle.js",
        swagger_css_url="/docs/assets/swagger/swagger-ui.css",
        swagger_favicon_url=FAVICON,
        swagger_ui_parameters={
            "displayRequestDuration": True,
            "tryItOutEnabled": True,
            "docExpansion": "list",
            "syntaxHighlight": False,
        },
    )


@router.get("/redoc")
def show_redoc() -> HTMLResponse:
    """Read the reference."""
    return get_redoc_html(
        openapi_url=OPENAPI,
        title="Customer segmentation",
        redoc_js_url="/docs/assets/redoc/redoc.standalone.js",
        redoc_favicon_url=FAVICON,
        with_google_fonts=False,
    )
