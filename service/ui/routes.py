"""The page and its files, under a policy that lets nothing in from elsewhere."""

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
    "Cache-Control": "no-cache",  # asked for again each time, answered by 304: an update is seen at once
}
FRAME: Final = FILES / "frame.html"


class PageFiles(StaticFiles):
    """Static files that are sent with the page's headers, but for the frame in which figures are explored."""

    def file_response(self, full_path: Any, *args: Any, **options: Any) -> Response:  # noqa: ANN401 - handed on as they come
        """Send a file, or that it has not changed."""
        response = super().file_response(full_path, *args, **options)
        # The frame may become any figure's page, under that page's own policy.
        own = {"Content-Security-Policy": interactive_figure_csp("'self'")} if Path(full_path) == FRAME else {}
        response.headers.update(HEADERS | own)
        return response


router = APIRouter(tags=["page"], include_in_schema=False, routes=[Mount("/page", PageFiles(directory=FILES))])


@router.get("/")
def show_page() -> FileResponse:
    """Show the page."""
    return FileResponse(FILES / "index.html", headers=HEADERS)
