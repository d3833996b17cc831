"""Compressed siblings of static files: ``style.css.br`` beside ``style.css``."""

from __future__ import annotations

import os
import stat

from ..http.encodings import accepted_encodings, chosen_encoding

__all__ = ["chosen_coding", "siblings_of"]

_SUFFIXES = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""Content codings and the suffixes of their files, the smallest content first."""


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


def chosen_coding(header: str, codings: dict[str, str]) -> str:
    """Return the coding that a client likes best, "" for the file itself.

    Args:
        header: The value of Accept-Encoding.
        codings: The codings that there are, the smallest content first.
    """
    return chosen_encoding(accepted_encodings(header), codings)
