"""Compressed siblings of static files: ``style.css.br`` beside ``style.css``."""

from __future__ import annotations

import os
import re
import stat

__all__ = ["accepted_encodings", "chosen_coding", "is_compressible", "siblings_of"]

_SUFFIXES = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""Content codings and the suffixes of their files, the smallest content first."""

_MAX_HEADER = 1024
_MEMBER = (
    r"[ \t]*([\w!#$%&'*+.^`|~-]+)[ \t]*(?:;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?[ \t]*"
)
_COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/manifest+json",
    "application/geo+json",
    "application/ld+json",
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


def is_compressible(media_type: str) -> bool:
    """Return whether files of a media type may have compressed siblings."""
    return media_type.startswith(_COMPRESSIBLE)


def siblings_of(path: str) -> dict[str, str]:
    """Return the compressed siblings of a file by content coding, the smallest content first.

    One that is older than the file is left out: it has other content.

    Args:
        path: The file, which exists.
    """
    found: dict[str, str] = {}
    changed: int | None = None
    for coding, suffix in _SUFFIXES.items():
        try:
            # SECURITY: a link is not followed; it could lead out of the folder.
            sibling = os.lstat(path + suffix)
        except OSError:
            continue
        if changed is None:
            changed = int(os.stat(path).st_mtime)  # PERF
        # Archives keep whole seconds only.
        if stat.S_ISREG(sibling.st_mode) and int(sibling.st_mtime) >= changed:
            found[coding] = path + suffix
    return found


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


def chosen_coding(header: str, codings: dict[str, str]) -> str:
    """Return the coding that a client likes best, "" for the file itself.

    Args:
        header: The value of Accept-Encoding.
        codings: The codings that there are, the smallest content first.
    """
    accepted = accepted_encodings(header)
    rest = accepted.get("*", 0.0)
    best, quality = "", 0.0
    for coding in codings:
        given = accepted.get(coding, rest)
        if given > quality:
            best, quality = coding, given
    return best if quality >= accepted.get("identity", 0.0) else ""
