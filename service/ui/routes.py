"""Routes of the web page and its static files, with a strict Content-Security-Policy."""

from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import FileResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from service.web.csp import application_headers, interactive_figure_csp, policy

FILES: Final = Path(__file__).parent / "files"
HEADERS: Final[dict[str, str]] = {
    **application_headers(policy()),
    "Cache-Control": "no-cache",  # revalidated at each load, so that an update is visible at once
}
FRAME: Final = FILES / "frame.html"


class PageFiles(StaticFiles):
    """Static files with the page's security headers.

    The frame of interactive figures has its own policy.
    """

    def file_response(self, full_path: Any, *args: Any, **options: Any) -> Response:  # noqa: ANN401 - passed to Starlette
        response = super().file_response(full_path, *args, **options)
        # The frame loads figure pages, whose scripts need their policy.
        own = (
            {"Content-Security-Policy": interactive_figure_csp("'self'")}
            if Path(full_path) == FRAME
            else {}
        )
        response.headers.update(HEADERS | own)
        return response


router = APIRouter(
    tags=["page"], include_in_schema=False, routes=[Mount("/page", PageFiles(directory=FILES))]
)


@router.get("/")
def show_page() -> FileResponse:
    return FileResponse(FILES / "index.html", headers=HEADERS)
