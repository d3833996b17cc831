"""The path of a file below a folder, by a name that a client sent."""

from __future__ import annotations

import os

from .file_content import not_found

__all__ = ["find_below", "is_plain_name", "path_below"]

_MAX_NAME = 1024
# A backslash and a colon separate on Windows only, but no file that is meant for clients has them.
# U+FFFD stands for bytes that are not UTF-8: overlong forms of ``/`` and ``.`` for example.
_REFUSED = frozenset('\\:\x7f\ufffd*?"<>|')


def is_plain_name(name: str) -> bool:
    """Return whether every part of a path is the name of a file that is not hidden.

    SECURITY: ``..``, hidden files, absolute paths, drive letters, streams (``a.css::$DATA``),
    control characters, and names that Windows takes for others (``a.css.``, ``a.css``+space).
    """
    if not name or len(name) > _MAX_NAME or not _REFUSED.isdisjoint(name):
        return False
    # PERF: nearly every name is printable, and then has no control characters.
    if not name.isprintable() and any(map(_is_control, name)):
        return False
    return all(map(_is_visible, name.split("/")))


def _is_control(char: str) -> bool:
    return char < " " or "\ud800" <= char <= "\udfff"


def _is_visible(part: str) -> bool:
    return bool(part) and part[0] not in ". " and part[-1] not in ". "


def find_below(folder: str, name: str) -> str:
    """Return the path of a file below a folder, without symbolic links.

    Args:
        folder: The folder.
        name: The name, with slashes.

    Raises:
        NotFound: The name is refused (see `is_plain_name`), or a link leads out of the folder or to
            a hidden file.
    """
    path = path_below(os.path.realpath(folder), name) if is_plain_name(name) else None
    if path is None:
        raise not_found()
    return path


def path_below(root: str, name: str) -> str | None:
    """Return the path of a plain name without symbolic links, None if they lead elsewhere.

    Args:
        root: The folder, without symbolic links.
        name: The name, see `is_plain_name`.
    """
    plain = f"{root.rstrip(os.sep)}{os.sep}{name.replace('/', os.sep)}"
    path = os.path.realpath(plain)
    if path == plain:
        return path
    base = root.rstrip(os.sep) + os.sep
    if not path.startswith(base):
        return None
    is_hidden = any(part.startswith(".") for part in path[len(base) :].split(os.sep))
    return None if is_hidden else path
