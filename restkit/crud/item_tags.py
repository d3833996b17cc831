"""The entity tags of items: of versions, and of representations."""

from __future__ import annotations

import hashlib
import secrets

from ..http.conditional import EntityTag

__all__ = ["digest_of", "first_version", "version_tag"]

_FIRST_VERSIONS = 2**30


def version_tag(version: object) -> EntityTag:
    """Return the entity tag of a version: the version, or a digest of its text.

    A tag has no spaces, quotes and control characters (RFC 9110, section 8.8.3), as the text of a
    datetime has.
    """
    text = str(version)
    is_plain = text.isascii() and text.isprintable() and not {*text} & {" ", '"'}
    return EntityTag(text) if is_plain else digest_of(text.encode())


def first_version() -> int:
    """Return the version of a new item: a random number of at most ten digits.

    An item that is created under the key of a deleted one must not get one of its entity tags,
    with which a client could overwrite the new item unseen. Nothing knows the versions of deleted
    items. A random start has one of them with a chance of one in 2**30, and fits into 32 bits with
    as many later versions.
    """
    return secrets.randbelow(_FIRST_VERSIONS) + 1


def digest_of(text: bytes) -> EntityTag:
    """Return the entity tag of a JSON text: a digest of it."""
    return EntityTag(hashlib.sha256(text).hexdigest()[:32])
