"""Origins as browsers write them (RFC 6454, section 6.2)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..errors import DeclarationError

__all__ = ["check_origin"]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEME = r"[a-z][a-z0-9+.-]*"
_HOST = r"(?:[a-z0-9._~%-]+|\[[0-9a-f:.]+\])"


def check_origin(origin: str, where: str) -> None:
    """Reject a text that no browser sends as an Origin.

    Args:
        origin: The text.
        where: The declaration, for the message.

    Raises:
        DeclarationError: The text is not an origin in its one spelling.
    """
    fault = _fault(origin)
    if fault:
        raise DeclarationError(
            f"{where}: {origin!r} is not an origin as browsers send it: {fault}. Write scheme, "
            "host and an unusual port: 'https://app.example' or 'http://localhost:3000'."
        )


def _fault(origin: str) -> str:
    """Return the fault of an origin, "" if there is none."""
    if origin == "null":
        return "'null' stands for every sandboxed page and local file"
    if not origin.isascii():
        return "a name with other letters is written in Punycode (xn--...)"
    if origin != origin.lower():
        return "it has capital letters"
    if origin.endswith("/"):
        return "it ends with a slash"
    found = re.fullmatch(rf"({_SCHEME})://({_HOST})(?::([0-9]+))?", origin)
    if found is None:
        return "it has another form, a path or a wildcard"
    return _port_fault(origin, found[3])


def _port_fault(origin: str, port: str | None) -> str:
    if port is None:
        return ""
    if port != str(int(port)) or not 0 < int(port) <= 65535:
        return "its port is not a number from 1 to 65535"
    if _DEFAULT_PORTS.get(urlsplit(origin).scheme) == int(port):
        return "browsers leave out the usual port of a scheme"
    return ""
