"""The Content-Security-Policy of the documentation pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

__all__ = ["page_policy"]

_HOST = re.compile(r"[\w.-]+(:[0-9]+)?", re.ASCII)


def page_policy(
    servers: Iterable[str | Mapping[str, object]], *, scripts: bool = True, styles: str = "'self'"
) -> str:
    """Return the Content-Security-Policy of a page.

    The page may send requests to this server and to the servers of the document.
    """
    origins: dict[str, None] = {}
    for server in servers:
        parts = urlsplit(server if isinstance(server, str) else str(server.get("url", "")))
        if parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc):
            origins[f"{parts.scheme}://{parts.netloc}"] = None
    rules = ["default-src 'none'", f"style-src {styles}", "img-src 'self' data:"]
    if scripts:
        rules += ["script-src 'self'", " ".join(["connect-src 'self'", *origins])]
    return "; ".join([*rules, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"])
