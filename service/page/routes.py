"""The page and its files, under a policy that lets nothing in from elsewhere."""

from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import FileResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from service.web.policies import explorable

FILES: Final = Path(__file__).parent / "files"
POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
HEADERS: Final[dict[str, str]] = {
    "Content-Security-Policy": "; ".join(f"{what} {whence}" for what, whence in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # asked for again each time, answered by 304: an update is seen at once
}


FRAME: Final = FILES / "frame.html"


class PageFiles(StaticFiles):
    """Static files that are sent with the page's headers, but for the frame in which figures are explored."""

    def file_response(self, full_path: Any, *args: Any, **options: Any) -> Response:  # noqa: ANN401 - handed on as they come
        """Send a file, or that it has not changed."""
        response = super().file_response(full_path, *args, **options)
        response.headers.update(HEADERS | _framed() if Path(full_path) == FRAME else HEADERS)
        return response


def _framed() -> dict[str, str]:
    """Let the frame become any figure's page, under that page's own policy, and be framed by ours alone."""
    policy = explorable("'self'")
    return {"Content-Security-Policy": f"{policy}; frame-ancestors 'self'"}


router = APIRouter(tags=["page"], include_in_schema=False, routes=[Mount("/page", PageFiles(directory=FILES))])


@router.get("/")
def show_page() -> FileResponse:
    """Show the page."""
    return FileResponse(FILES / "index.html", headers=HEADERS)
