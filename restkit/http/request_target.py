"""The host and the path prefix of a request, made safe before anything is built from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["VALID_HOSTS", "clean_script_name", "host_error"]

VALID_HOSTS: set[str | None] = set()
"""Values of Host that were found valid; PERF: a look-up costs a twentieth of the check."""

_MOST_HOSTS = 1000  # SECURITY: clients make up hosts; no more than these are remembered
_HOST = r"(?:[A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\])(?::([0-9]*))?"
_UNSAFE = r"[\x00-\x1f\x7f\\]"


def host_error(environ: WSGIEnvironment) -> str:
    """Return what is wrong with a request's host, "" if nothing is.

    HTTP/1.1 demands exactly one Host with a host and an optional port (RFC 9112, section 3.2).
    """
    host = environ.get("HTTP_HOST")
    if host is None:
        is_demanded = environ.get("SERVER_PROTOCOL") == "HTTP/1.1"
        return "Send the header Host, which HTTP/1.1 requires." if is_demanded else ""
    found = re.fullmatch(_HOST, host)
    if found is None or int(found[1] or 0) > 65535:
        return "The header Host is malformed. Send a host and an optional port."
    if len(VALID_HOSTS) < _MOST_HOSTS:
        VALID_HOSTS.add(host)
    return ""


def clean_script_name(text: str) -> str:
    """Return a prefix of the path that stays on this host: "" or one slash and a path.

    SECURITY: behind a proxy the prefix is a header, and clients send it too. Before a URL
    ``//evil.example`` would name another host, and so would a backslash for a browser.
    """
    path = re.sub("/{2,}", "/", "/" + text).rstrip("/")
    return "" if re.search(_UNSAFE, path) else path
