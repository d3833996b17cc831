"""The host and the path prefix of a request, made safe before anything is built from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    from _typeshed.wsgi import WSGIEnvironment

    class _Hosted(Protocol):
        """A request."""

        @property
        def host(self) -> str: ...


__all__ = [
    "VALID_HOSTS",
    "clean_script_name",
    "host_error",
    "host_of",
    "near_url",
    "path_of",
    "server_of",
    "text_of",
]

VALID_HOSTS: set[str | None] = set()
"""Values of Host that were found valid; PERF: a look-up costs a twentieth of the check."""

_MOST_CHARACTERS = 253 + len(":65535")
_MOST_HOSTS = 1000  # SECURITY: clients make up hosts; no more than these are remembered
_HOST = r"(?:[A-Za-z0-9._~%-]+|\[([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)\])(?::([0-9]*))?"
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_UNSAFE = r"[\x00-\x1f\x7f\\]"


def host_error(environ: WSGIEnvironment) -> str:
    """Return the fault of a request's host, "" without one.

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
    if found is None or int(found[2] or 0) > 65535:
        return False
    return found[1] is None or _is_ipv6(found[1])


def _is_ipv6(address: str) -> bool:
    import socket  # cold start

    try:
        socket.inet_pton(socket.AF_INET6, address)
    except OSError:
        return False
    return True


def host_of(text: str, scheme: str) -> str:
    """Return a valid Host in its one spelling: in small letters, without the port of the scheme.

    Werkzeug returns "" for an underscore, an empty port or a port with a zero before it.
    """
    found = re.fullmatch(_HOST, text)
    if found is None:
        return ""
    host = text.lower()
    if found[2] is None:
        return host
    host, port = host.rpartition(":")[0], found[2].lstrip("0") or found[2][:1]
    return host if port in ("", _DEFAULT_PORTS.get(scheme)) else f"{host}:{port}"


def near_url(url: str, request: _Hosted | None) -> str:
    """Return a URL ``//host/path`` as the client of a request reaches it.

    On the client's own host it is the path alone. Another host gets the port of the request, for
    patterns of hosts have no port.
    """
    if request is None:
        return url
    host, slash, path = url[2:].partition("/")
    own, _, port = request.host.rpartition(":")
    if not port.isdigit():  # without a port, or an IPv6 address
        own, port = request.host, ""
    if host == own:
        return slash + path
    return f"//{host}:{port}{slash}{path}" if port else url


def clean_script_name(text: str) -> str:
    """Return a prefix of the path that stays on this host: "" or one slash and a path.

    SECURITY: behind a proxy the prefix is a header, and clients send it too. Before a URL
    ``//evil.example`` would name another host, and so would a backslash for a browser.
    """
    path = re.sub("/{2,}", "/", "/" + text).rstrip("/")
    return "" if re.search(_UNSAFE, path) else path


def path_of(environ: WSGIEnvironment) -> str:
    """Return the path of a request, its percent-encoding decoded as UTF-8."""
    path: str = environ.get("PATH_INFO", "")
    return "/" + text_of(path).lstrip("/")


def text_of(value: str) -> str:
    """Return a text of a WSGI environ as UTF-8."""
    return value.encode("latin-1").decode("utf-8", "replace")


def server_of(environ: WSGIEnvironment) -> tuple[str, int | None] | None:
    """Return the name and the port of the server, None if the environ has none."""
    name: str | None = environ.get("SERVER_NAME")
    if not name:
        return None
    port: str | None = environ.get("SERVER_PORT")
    return name, int(port) if port and port.isdecimal() else None
