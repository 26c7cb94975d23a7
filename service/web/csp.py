"""Content-Security-Policy and related headers of pages: only their own scripts and styles load."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from models.charts.plotly_html import script_hashes

NOTHING_FROM_ELSEWHERE: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
APPLICATION: Final[Mapping[str, str]] = {
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

_INLINE_SCRIPT: Final = re.compile(r"<script>([^<]*)</script>")


def policy(**changes: str) -> str:
    """Return the Content-Security-Policy of an application page.

    Keyword arguments replace directives.
    """
    directives = {
        **APPLICATION,
        **{name.replace("_", "-"): sources for name, sources in changes.items()},
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def application_headers(content_policy: str) -> dict[str, str]:
    """Return the security headers of an application page and its files."""
    return {
        "Content-Security-Policy": content_policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def inline_scripts(html: str) -> str:
    """Return the policy sources (hashes) of the inline scripts of a page."""
    digests = (sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(html))
    return " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests)


def interactive_figure_csp(*others: str) -> str:
    """Return the policy of an interactive figure.

    Plotly's inline scripts by hash, and the script sources `others`.
    """
    allowed = " ".join([*others, *(f"'{each}'" for each in script_hashes())])
    return f"sandbox allow-scripts; script-src {allowed}; {NOTHING_FROM_ELSEWHERE}"
