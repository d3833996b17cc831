"""The entity tags of items: of versions, and of representations."""

from __future__ import annotations

import hashlib

from ..http.conditional import EntityTag

__all__ = ["digest_of", "version_tag"]


def version_tag(version: object) -> EntityTag:
    """Return the entity tag of a version: the version, or a digest of its text.

    A tag has no spaces, quotes and control characters (RFC 9110, section 8.8.3), as the text of a
    datetime has.
    """
    text = str(version)
    is_plain = text.isascii() and text.isprintable() and not {*text} & {" ", '"'}
    return EntityTag(text) if is_plain else digest_of(text.encode())


def digest_of(text: bytes) -> EntityTag:
    """Return the entity tag of a JSON text: a digest of it."""
    return EntityTag(hashlib.sha256(text).hexdigest()[:32])
