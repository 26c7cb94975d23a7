"""Swagger UI and ReDoc, served from local files so that they work without internet access."""

from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from service.web.csp import application_headers, inline_scripts, policy

ASSETS = "fastapi_standalone_docs"
OPENAPI = "/openapi.json"
FAVICON = "/docs/assets/fastapi/favicon.png"
STYLES: Final = "'self' 'unsafe-inline'"  # both pages set inline styles
SEARCH: Final = "blob:"  # ReDoc starts its search worker from a blob
ASSET_HEADERS: Final = application_headers(policy())


class Assets(StaticFiles):
    """Static files with security headers."""

    def file_response(self, *args: Any, **options: Any) -> Response:  # noqa: ANN401 - passed to Starlette
        response = super().file_response(*args, **options)
        response.headers.update(ASSET_HEADERS)
        return response


router = APIRouter(tags=["pages"], include_in_schema=False)


def mount_docs(app: FastAPI) -> None:
    app.include_router(router)
    app.mount("/docs/assets", Assets(packages=[(ASSETS, "static")]))
    # ReDoc looks for its logo below its page.
    app.mount("/redoc", Assets(packages=[(ASSETS, "static/redoc")]))


@router.get("/docs")
def show_swagger() -> HTMLResponse:
    page = get_swagger_ui_html(
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
    scripts = inline_scripts(bytes(page.body).decode())
    page.headers.update(
        application_headers(policy(script_src=f"'self' {scripts}", style_src=STYLES))
    )
    return page


@router.get("/redoc")
def show_redoc() -> HTMLResponse:
    page = get_redoc_html(
        openapi_url=OPENAPI,
        title="Customer segmentation",
        redoc_js_url="/docs/assets/redoc/redoc.standalone.js",
        redoc_favicon_url=FAVICON,
        with_google_fonts=False,
    )
    page.headers.update(application_headers(policy(style_src=STYLES, worker_src=SEARCH)))
    return page
