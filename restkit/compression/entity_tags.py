"""Entity tags of compressed content: ``"v3"`` becomes ``"v3-gzip"`` (RFC 9110, section 8.8.3.3).

Compressed content has other bytes, and so needs another strong tag. Clients send the tag back, in
If-None-Match of a read and in If-Match of a write.
"""

from __future__ import annotations

import re
from collections.abc import Collection, MutableMapping

from .codings import CODINGS

__all__ = ["coded_tag", "restore_tags", "sent_by"]

_CODED = rf'(W/)?"([\x21\x23-\x7e\x80-\xff]*)-({"|".join(CODINGS)})"'
_LONGEST = 8192


def coded_tag(tag: str, coding: str) -> str:
    """Return the entity tag of compressed content; a weak one is the same for all codings."""
    return f'{tag[:-1]}-{coding}"' if tag.startswith('"') and tag.endswith('"') else tag


def restore_tags(environ: MutableMapping[str, object], coding: str) -> None:
    """Add the tags of the content itself to preconditions with tags of compressed content.

    Args:
        environ: The WSGI environ of the request.
        coding: The coding of the response. A read with the tag of another coding, which its client
            would not get now, has no match.
    """
    _restore(environ, "HTTP_IF_MATCH", CODINGS)
    _restore(environ, "HTTP_IF_NONE_MATCH", (coding,))


def _restore(environ: MutableMapping[str, object], name: str, codings: Collection[str]) -> None:
    given = environ.get(name)
    if not isinstance(given, str) or len(given) > _LONGEST:
        return
    more = [
        f'{weak or ""}"{value}"'
        for weak, value, coding in re.findall(_CODED, given)
        if coding in codings
    ]
    if more:
        environ[name] = ", ".join([*more, given])


def sent_by(environ: MutableMapping[str, object], tag: str) -> bool:
    """Return whether a request has a tag in If-None-Match."""
    given = environ.get("HTTP_IF_NONE_MATCH")
    return isinstance(given, str) and tag in given
