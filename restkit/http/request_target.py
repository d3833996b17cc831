"""The host and the path prefix of a request, made safe before anything is built from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["VALID_HOSTS", "clean_script_name", "host_error", "host_of"]

VALID_HOSTS: set[str | None] = set()
"""Values of Host that were found valid; PERF: a look-up costs a twentieth of the check."""

_MOST_CHARACTERS = 253 + len(":65535")
_MOST_HOSTS = 1000  # SECURITY: clients make up hosts; no more than these are remembered
_HOST = r"(?:[A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\])(?::([0-9]*))?"
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_UNSAFE = r"[\x00-\x1f\x7f\\]"


def host_error(environ: WSGIEnvironment) -> str:
    """Return what is wrong with a request's host, "" if nothing is.

    HTTP/1.1 demands exactly one Host with a host and an optional port (RFC 9112, section 3.2).
    """
    host = environ.get("HTTP_HOST")
    if host is None:
        is_demanded = environ.get("SERVER_PROTOCOL") == "HTTP/1.1"
        return "Send the header Host, which HTTP/1.1 requires." if is_demanded else ""
    # SECURITY: what is remembered is bounded in size as well; a name has 253 characters at most.
    if len(host) > _MOST_CHARACTERS or not (_is_plain(host) or _is_valid(host)):
        return "The header Host is malformed. Send a host and an optional port."
    if len(VALID_HOSTS) < _MOST_HOSTS:
        VALID_HOSTS.add(host)
    return ""


def _is_plain(host: str) -> bool:
    """Return whether a host surely is valid: letters, digits, dots and hyphens, and a port."""
    # PERF: cold start: compiling the exact expression costs two million instructions.
    name, _, port = host.partition(":")
    is_name = name.isascii() and name.replace(".", "").replace("-", "").isalnum()
    return is_name and (not port or (port.isascii() and port.isdigit() and int(port) <= 65535))


def _is_valid(host: str) -> bool:
    found = re.fullmatch(_HOST, host)
    return found is not None and int(found[1] or 0) <= 65535


def host_of(text: str, scheme: str) -> str:
    """Return a valid Host in its one spelling: in small letters, without the port of the scheme.

    Werkzeug returns "" for an underscore, an empty port or a port with a zero before it.
    """
    found = re.fullmatch(_HOST, text)
    if found is None:
        return ""
    host = text.lower()
    if found[1] is None:
        return host
    host, port = host.rpartition(":")[0], found[1].lstrip("0") or found[1][:1]
    return host if port in ("", _DEFAULT_PORTS.get(scheme)) else f"{host}:{port}"


def clean_script_name(text: str) -> str:
    """Return a prefix of the path that stays on this host: "" or one slash and a path.

    SECURITY: behind a proxy the prefix is a header, and clients send it too. Before a URL
    ``//evil.example`` would name another host, and so would a backslash for a browser.
    """
    path = re.sub("/{2,}", "/", "/" + text).rstrip("/")
    return "" if re.search(_UNSAFE, path) else path
