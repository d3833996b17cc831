"""The versions of MCP: the version of a request, and the headers and members that it requires.

Since 2026-07-28 each request has its version in ``_meta`` and in headers. Before, clients began
with ``initialize``, and this server kept nothing of it: no session is needed for tools.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from .messages import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    UNSUPPORTED_VERSION,
    Message,
    MessageError,
)

__all__ = ["INITIALIZED", "SERVER_INFO", "SUPPORTED", "is_stateless", "negotiated"]

STATELESS = ("2026-07-28",)
INITIALIZED = ("2025-11-25", "2025-06-18", "2025-03-26")
"""The versions that begin with ``initialize``, the newest first."""
SUPPORTED = (*STATELESS, *INITIALIZED)

SERVER_INFO = "io.modelcontextprotocol/serverInfo"
_VERSION = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
_ENCODED = re.compile(r"=\?base64\?(.*)\?=")

Headers = Mapping[str, str]


def negotiated(requested: object) -> str:
    """Return the version of the response to ``initialize``: the requested one, or the newest."""
    return requested if isinstance(requested, str) and requested in INITIALIZED else INITIALIZED[0]


def is_stateless(message: Message, environ: Headers) -> bool:
    """Return whether a message is one of 2026-07-28 or later, and check that it is whole.

    Args:
        message: The message.
        environ: The WSGI environ of the request.

    Raises:
        MessageError: The version is not supported, or a header does not match the content.
    """
    header = environ.get("HTTP_MCP_PROTOCOL_VERSION")
    declared = message.meta.get(_VERSION)
    if _is_former(message, header, declared):
        return False
    if header is not None and header not in SUPPORTED and declared in (None, header):
        raise _unsupported(header)
    if message.id is None:
        return True  # the headers of notifications are not defined
    _check_meta(message)
    _check_headers(message, environ)
    if declared not in STATELESS:
        raise _unsupported(str(declared))
    return True


def _is_former(message: Message, header: str | None, declared: object) -> bool:
    """Return whether a message is of a version that begins with ``initialize``."""
    if declared is None:
        return message.method == "initialize" or header is None or header in INITIALIZED
    return declared in INITIALIZED and header == declared


def _unsupported(requested: str) -> MessageError:
    known = {"supported": list(SUPPORTED), "requested": requested[:64]}
    return MessageError(UNSUPPORTED_VERSION, "Unsupported protocol version", known)


def _check_meta(message: Message) -> None:
    for name, kind in ((_VERSION, str), (_CAPABILITIES, Mapping)):
        if not isinstance(message.meta.get(name), kind):
            raise MessageError(
                INVALID_PARAMS,
                f"The params of each request have _meta with {_VERSION}, a text, and "
                f"{_CAPABILITIES}, an object.",
            )


def _check_headers(message: Message, environ: Headers) -> None:
    """Reject headers that differ from the content: proxies may have decided by them."""
    expected = {
        "Mcp-Protocol-Version": message.meta[_VERSION],
        "Mcp-Method": message.method,
    }
    name = message.params.get("name")
    if message.method == "tools/call" and isinstance(name, str):
        expected["Mcp-Name"] = name
    for header, value in expected.items():
        key = f"HTTP_{header.upper().replace('-', '_')}"
        given = environ.get(key)
        if given is None:
            raise MessageError(HEADER_MISMATCH, f"The header {header} is missing.")
        if (_decoded(given) if header == "Mcp-Name" else given) != value:
            raise MessageError(
                HEADER_MISMATCH, f"The header {header} does not have the value of the content."
            )


def _decoded(value: str) -> str | None:
    """Return the text of a header, which may be encoded; None if that is malformed."""
    found = _ENCODED.fullmatch(value)
    if found is None:
        return value
    try:
        decoded = base64.b64decode(found[1], validate=True)
        return decoded.decode() if base64.b64encode(decoded).decode() == found[1] else None
    except (binascii.Error, UnicodeError):
        return None
