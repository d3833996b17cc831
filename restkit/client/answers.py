"""The response of a peer as data."""

from __future__ import annotations

import codecs

import httpx2
from werkzeug.datastructures import Headers

from ..json_parsing import JSONLimits, loads_json
from ..problems import BadRequest
from .peer_problems import PeerFailed
from .reply import Reply

__all__ = ["read_content", "reply_of"]

# Wider than those of requests: the peer may be no restkit App.
_LIMITS = JSONLimits(depth=500, bits=3600)
# Python's own codecs that no text on the web has; some take time that grows with the square.
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})
_LARGEST = 64 * 1024 * 1024


def read_content(response: httpx2.Response) -> bytes:
    """Return the content of a response, decoded (``Content-Encoding``), and close it.

    Raises:
        PeerFailed: It is larger than 64 MiB, or cannot be decoded.
    """
    content = bytearray()
    try:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > _LARGEST:
                raise PeerFailed(f"A response is larger than {_LARGEST} bytes.")
    except httpx2.DecodingError:
        raise PeerFailed("The content of a response cannot be decoded.") from None
    finally:
        response.close()
    return bytes(content)


def reply_of(peer: str, response: httpx2.Response, content: bytes) -> Reply:
    """Return a response with its content as data.

    Raises:
        PeerFailed: The content says that it is JSON, and is not.
    """
    headers = Headers(list(response.headers.multi_items()))
    return Reply(response.status_code, headers, _data(peer, response, content))


def _data(peer: str, response: httpx2.Response, content: bytes) -> object:
    if not content:
        return None
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        try:
            data: object = loads_json(content, limits=_LIMITS)
        except BadRequest:
            if response.status_code >= 400:
                return None
            raise PeerFailed(f"The service {peer} responded with invalid JSON.") from None
        return data
    if media_type.startswith("text/"):
        text = _text(content, response.charset_encoding or "utf-8")
        if text is None and response.status_code < 400:
            raise PeerFailed(f"The service {peer} responded with text in an unknown charset.")
        return text
    return content


def _text(content: bytes, charset: str) -> str | None:
    """Return content as text, None if Python does not know the charset."""
    try:
        name = codecs.lookup(charset).name
        return None if name in _NO_CHARSETS else content.decode(name, "replace")
    except (LookupError, UnicodeError):  # base64, for example, is no encoding of text
        return None
