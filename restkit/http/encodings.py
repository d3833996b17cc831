"""The header Accept-Encoding, and media types whose content is worth compressing, without I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["accepted_encodings", "chosen_encoding", "is_compressible", "refuses_identity"]

_MAX_HEADER = 1024
_MEMBER = (
    r"[ \t]*([\w!#$%&'*+.^`|~-]+)[ \t]*(?:;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?[ \t]*"
)
_COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/javascript",
    "application/x-javascript",
    "application/problem+json",
    "application/manifest+json",
    "application/geo+json",
    "application/ld+json",
    "application/x-ndjson",
    "application/xml",
    "application/wasm",
    "application/toml",
    "application/yaml",
    "application/vnd.ms-fontobject",
    "image/svg+xml",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "font/ttf",
    "font/otf",
)
_SUFFIXES = ("+json", "+xml", "+yaml", "+text")


def is_compressible(media_type: str) -> bool:
    """Return whether content of a media type becomes smaller by compression."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence.startswith(_COMPRESSIBLE) or essence.endswith(_SUFFIXES)


def accepted_encodings(header: str) -> dict[str, float]:
    """Read the value of Accept-Encoding (RFC 9110, section 12.5.3).

    Args:
        header: The field's value. A long one, and malformed members, say nothing.

    Returns:
        The quality of each named coding, and of ``*``.
    """
    found: dict[str, float] = {}
    if len(header) > _MAX_HEADER:
        return found
    for member in header.lower().split(","):
        match = re.fullmatch(_MEMBER, member)
        if match is not None:
            coding = "gzip" if match[1] == "x-gzip" else match[1]
            found[coding] = float(match[2] or 1)
    return found


def chosen_encoding(accepted: dict[str, float], codings: Iterable[str]) -> str:
    """Return the coding that a client likes best, "" for none.

    Args:
        accepted: The result of `accepted_encodings`.
        codings: The codings that there are, the preferred one first.
    """
    rest = accepted.get("*", 0.0)
    best, quality = "", 0.0
    for coding in codings:
        given = accepted.get(coding, rest)
        if given > quality:
            best, quality = coding, given
    return best if quality >= accepted.get("identity", 0.0) else ""


def refuses_identity(accepted: dict[str, float]) -> bool:
    """Return whether a client refuses content without a coding: ``identity;q=0``, or ``*;q=0``."""
    return accepted.get("identity", accepted.get("*", 1.0)) == 0
