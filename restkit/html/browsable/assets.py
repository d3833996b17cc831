"""The style sheet of the pages, at a URL that changes with its content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from .page_response import PageResponse

__all__ = ["OWN_PREFIX", "asset_response", "style_url"]

OWN_PREFIX = "/_browsable/"
"""The prefix of the URLs that the pages have themselves."""

_STYLE = Path(__file__).parent.parent / "pages" / "browsable" / "style.css"


@cache
def _style() -> tuple[str, bytes]:
    """Return the name of the style sheet, with the hash of its content, and the content."""
    content = _STYLE.read_bytes()
    return f"style.{hashlib.sha256(content).hexdigest()[:8]}.css", content


def style_url(root: str) -> str:
    """Return the URL of the style sheet.

    Args:
        root: The prefix of the App (SCRIPT_NAME), percent-encoded.
    """
    return f"{root}{OWN_PREFIX}{_style()[0]}"


def asset_response(path: str) -> PageResponse | None:
    """Return the response to the URL of the style sheet, None for another path."""
    name, content = _style()
    if path != OWN_PREFIX + name:
        return None
    headers = [
        ("Content-Type", "text/css; charset=utf-8"),
        ("Content-Length", str(len(content))),
        ("Cache-Control", "public, max-age=31536000, immutable"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return PageResponse(200, headers, content, is_page=False)
