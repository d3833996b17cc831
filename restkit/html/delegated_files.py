"""Files that the server in front sends: X-Sendfile and X-Accel-Redirect."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..errors import DeclarationError

if TYPE_CHECKING:
    from ..request import Request

__all__ = ["delegated_header"]


def delegated_header(request: Request, path: str) -> tuple[str, str] | None:
    """Return the header that tells the server in front to send a file, None without such a server.

    Args:
        request: The request, whose App has the settings ``sendfile`` and ``sendfile_paths``.
        path: The path of the file.

    Raises:
        DeclarationError: No folder of ``sendfile_paths`` has the file.
    """
    settings = getattr(request.app, "settings", None)
    header: str = getattr(settings, "sendfile", "off")
    if header == "off":
        return None
    path = os.path.abspath(path)  # a link is the front server's matter
    if header == "X-Accel-Redirect":
        path = _internal(path, getattr(settings, "sendfile_paths", ""))
    return header, quote(path)


def _internal(path: str, mapping: str) -> str:
    """Return the path of a file in the URLs of nginx's internal locations."""
    for pair in mapping.split(","):
        folder, _, prefix = pair.strip().partition("=")
        folder = folder.rstrip("/")
        if folder and path.startswith(f"{folder}/"):
            return prefix.rstrip("/") + path[len(folder) :]
    raise DeclarationError(
        "The setting sendfile is X-Accel-Redirect, and sendfile_paths has no folder around a file "
        'that is sent. Name each folder with its internal location: "/srv/files=/protected".'
    )
