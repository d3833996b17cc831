"""The Content-Disposition header (RFC 6266, with the encoding of RFC 8187)."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

__all__ = ["content_disposition"]

_MAX_NAME = 200
# RFC 8187, section 3.2.1: attr-char, besides letters and digits.
_ATTR_CHARS = "!#$&+-.^_`|~"
# SECURITY: characters that show a name in another order ("gpj.exe" as "exe.jpg"), or not at all.
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_RESERVED = '"\\/%:*?<>|;'


def content_disposition(name: str, *, inline: bool = False) -> str:
    """Return the value of Content-Disposition for a file name.

    Args:
        name: The file name that the client should propose, in any script. Folders in it are cut
            off, characters that cannot be seen are left out.
        inline: Whether the client should show the content rather than save it.

    Returns:
        ``attachment; filename="..."``, and ``filename*=UTF-8''...`` besides if the name is not
        plain ASCII.
    """
    kind = "inline" if inline else "attachment"
    visible = _visible(name)
    plain = _ascii(visible)
    written = f'{kind}; filename="{plain}"'
    if plain == visible:
        return written
    return f"{written}; filename*=UTF-8''{quote(visible, safe=_ATTR_CHARS)}"


def _visible(name: str) -> str:
    """Return the last part of a path without hidden characters, of at most 200 characters."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    seen = "".join(each for each in last if unicodedata.category(each) not in _HIDDEN).strip(" ")
    if not seen.strip("."):
        return "download"
    if len(seen) <= _MAX_NAME:
        return seen
    stem, dot, extension = seen.rpartition(".")
    if not dot or len(extension) > _MAX_NAME // 4:
        return seen[:_MAX_NAME]
    return f"{stem[: _MAX_NAME - len(extension) - 1]}.{extension}"


def _ascii(name: str) -> str:
    """Return the name for clients that do not read ``filename*``."""
    out: list[str] = []
    for each in unicodedata.normalize("NFKD", name):
        if unicodedata.combining(each):
            continue
        is_plain = each.isascii() and each.isprintable() and each not in _RESERVED
        out.append(each if is_plain else "_")
    return "".join(out)
