"""Without keys, only this machine itself is answered."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import Forbidden
from service.web.problems import problem_of
from service.web.refusals import respond

LOOPBACK = ("127.0.0.1", "localhost", "::1")
FORWARDING = ("forwarded", "via", "x-real-ip")


class Keyless:
    """Refuses what a browser was lured into sending (another Host), and what a proxy passes on for somebody else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request that this machine sent to itself."""
        refusal = _refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        answer = respond(problem_of(Forbidden(refusal))) if refusal else self.app
        await answer(scope, receive, send)


def _refusal(headers: Headers) -> str | None:
    if _host(headers.get("host", "")) not in LOOPBACK:
        return f"Without keys the service is only reached under one of these names: {', '.join(LOOPBACK)}"
    if any(name in FORWARDING or name.startswith("x-forwarded-") for name in headers):
        return "Without keys the service answers no requests that a proxy forwards"
    return None


def _host(header: str) -> str | None:
    try:
        return urlsplit(f"//{header}").hostname
    except ValueError:
        return None
