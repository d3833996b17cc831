"""`StaticFiles`: the files of a folder at URLs below a prefix."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Protocol

from ..declaration_checks import check_flag, check_text
from ..errors import DeclarationError
from ..http.encodings import is_compressible
from ..redirects import PermanentRedirect
from ..request import Request
from ..resource import Resource
from .file_content import not_found
from .file_response import FileResponse
from .media_types import media_type_of
from .precompressed import chosen_coding, siblings_of
from .static_paths import is_plain_name, path_below

__all__ = ["StaticFiles", "add_static"]

_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATED = "no-cache"
_ICON_AGE = "public, max-age=86400"
_HASHED = r"(?s:(.+)\.([0-9a-f]{8})(\.[^./]+)?)"


class StaticOwner(Protocol):
    """The part of an App that static files need."""

    extensions: list[object]
    url_for: Callable[..., str]

    def add(self, pattern: str, resource: type[Resource], **options: object) -> object:
        """Mount a resource."""
        ...


class StaticFiles:
    """The files of a folder, mounted on an App by `App.static`.

    Attributes:
        folder: The folder.
        index: Whether a folder's URL is its ``index.html``.
        fallback: The file for the pages of a single-page application, "" without one.
        template_globals: `static_url` for templates, under the name of the resource.
    """

    def __init__(
        self, app: StaticOwner, name: str, folder: Path, index: bool, fallback: str
    ) -> None:
        """Take the files of a folder.

        Args:
            app: The App, for URLs.
            name: The name of the resource.
            folder: The folder.
            index: Whether a folder's URL is its ``index.html``.
            fallback: The file for the pages of a single-page application.
        """
        self.folder = folder
        self.index = index
        self.fallback = fallback
        self.template_globals: dict[str, object] = {name: self.static_url}
        self._app = app
        self._name = name
        self._root = str(folder)
        self._hashes: dict[str, tuple[int, int, str]] = {}

    def static_url(self, name: str, *, _external: bool = False) -> str:
        """Return the URL of a file with the hash of its content: ``/static/a.3f9a1c2b.css``.

        Clients may keep its responses for a year.

        Args:
            name: The path of the file in the folder.
            _external: Whether the URL has scheme and host.

        Raises:
            LookupError: The folder has no such file.
        """
        path = self._find(name)
        if path is None:
            raise LookupError(f"{self._root} has no file {name!r:.200}.")
        folder, slash, last = name.rpartition("/")
        stem, dot, extension = last.rpartition(".")
        hashed = f"{stem}.{self._hash(path)}.{extension}" if dot else f"{last}.{self._hash(path)}"
        return self._app.url_for(
            self._name, filename=f"{folder}{slash}{hashed}", _external=_external
        )

    def respond(self, request: Request, name: str) -> FileResponse | PermanentRedirect:
        """Return the response to a request for a file.

        Args:
            request: The request.
            name: The path below the prefix; it ends with a slash, or is "", for a folder.

        Raises:
            NotFound: There is no such file that may be sent.
        """
        wanted = name
        if self.index and (not name or name.endswith("/")):
            wanted = f"{name}index.html"
        path = self._find(wanted)
        if path is not None:
            return self._file(request, wanted, path, _REVALIDATED)
        if (found := self._find_hashed(wanted)) is not None:
            plain, path, is_current = found
            return self._file(request, plain, path, _IMMUTABLE if is_current else _REVALIDATED)
        if self.index and self._find(f"{name}/index.html") is not None:
            return PermanentRedirect(self._name, filename=f"{name}/")
        return self._fallback(request, name)

    def _fallback(self, request: Request, name: str) -> FileResponse:
        is_page = self.fallback and _is_navigation(request, name)
        path = self._find(self.fallback) if is_page else None
        if path is None:
            raise not_found()
        return self._file(request, self.fallback, path, _REVALIDATED, vary="Accept")

    def icon(self, request: Request, name: str) -> FileResponse:
        """Return the response to a request for ``/favicon.ico``.

        Raises:
            NotFound: The file does not exist any more.
        """
        path = self._find(name)
        if path is None:
            raise not_found()
        return self._file(request, name, path, _ICON_AGE)

    def _find(self, name: str) -> str | None:
        """Return the path of a file that may be sent, None if there is none."""
        if not is_plain_name(name):
            return None
        path = path_below(self._root, name)
        return path if path is not None and os.path.isfile(path) else None  # PERF

    def _find_hashed(self, name: str) -> tuple[str, str, bool] | None:
        """Return the name and the path of a file with a hash, and whether the hash is its own.

        During a deployment pages ask servers of the other version. They get this version's file.
        """
        match = re.fullmatch(_HASHED, name)
        if match is None:
            return None
        plain = match[1] + (match[3] or "")
        path = self._find(plain)
        return None if path is None else (plain, path, self._hash(path) == match[2])

    def _hash(self, path: str) -> str:
        """Return the hash of a file's content, read again when the file has changed."""
        found = os.stat(path)  # PERF
        known = self._hashes.get(path)
        if known is not None and known[:2] == (found.st_mtime_ns, found.st_size):
            return known[2]
        with open(path, "rb") as file:  # PERF
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:8]
        self._hashes[path] = found.st_mtime_ns, found.st_size, digest
        return digest

    def _file(
        self, request: Request, name: str, path: str, cache_control: str, *, vary: str = ""
    ) -> FileResponse:
        """Return the response with a file, or with its compressed sibling."""
        media_type = media_type_of(name)
        coding, varied = "", [vary] if vary else []
        if is_compressible(media_type) and (siblings := siblings_of(path)):
            varied.append("Accept-Encoding")
            coding = chosen_coding(request.environ.get("HTTP_ACCEPT_ENCODING", ""), siblings)
            path = siblings.get(coding, path)
        headers = {"Vary": ", ".join(varied)} if varied else {}
        if coding:
            headers["Content-Encoding"] = coding
        return FileResponse.prepared(path, media_type, cache_control, headers)


def _is_navigation(request: Request, name: str) -> bool:
    """Return whether a browser asks for a page, and not a script for data or a page for a file."""
    accept = request.environ.get("HTTP_ACCEPT", "").lower()
    return "text/html" in accept and "." not in name.rpartition("/")[2]


class _Static(Resource):
    """The resource of static files."""

    # Pages add queries to the URLs of files (``?v=3``) and of applications (``?utm_source=``).
    _any_query = True
    _files: ClassVar[StaticFiles]
    _icon: ClassVar[str] = ""


class _Files(_Static):
    def get(self, filename: str) -> FileResponse:
        """Get a static file."""
        found = self._files.respond(self.request, filename)
        assert isinstance(found, FileResponse)  # only folders with index redirect
        return found


class _IndexedFiles(_Static):
    def get(self, filename: str) -> FileResponse | PermanentRedirect:
        """Get a static file, or the index of a folder."""
        return self._files.respond(self.request, filename)


class _Root(_Static):
    def get(self) -> FileResponse | PermanentRedirect:
        """Get the page of the folder itself."""
        return self._files.respond(self.request, "")


class _Icon(_Static):
    def get(self) -> FileResponse:
        """Get the icon of the site."""
        return self._files.icon(self.request, self._icon)


def add_static(
    app: StaticOwner,
    prefix: str,
    folder: Path,
    *,
    name: str,
    index: bool,
    fallback: str | None,
    favicon: str | None,
    documented: bool,
    options: Mapping[str, object],
) -> StaticFiles:
    """Mount the files of a folder; see `App.static`.

    Raises:
        DeclarationError: The folder or one of the files does not exist.
    """
    where = f"static({prefix!r})"
    check_flag(index, f"{where}: index")
    check_flag(documented, f"{where}: documented")
    _check_place(prefix, folder, where)
    files = StaticFiles(app, name, folder.resolve(), index, fallback or "")
    for file, what in ((fallback, "fallback"), (favicon, "favicon")):
        if file is not None and files._find(file) is None:
            raise DeclarationError(f"{where}: {what}={file!r} is no file in {str(folder)!r}.")

    def mount(pattern: str, base: type[_Static], called: str) -> None:
        members = {"_files": files, "_icon": favicon or "", "documented": documented}
        made = type(called.title().replace("_", ""), (base,), {**members, "__doc__": base.__doc__})
        app.add(pattern, made, **{**options, "name": called})

    base = prefix.rstrip("/")
    mount(f"{base}/<path:filename>", _IndexedFiles if index else _Files, name)
    if index or fallback:
        mount(f"{base}/", _Root, f"{name}_root")
    if favicon is not None:
        mount("/favicon.ico", _Icon, f"{name}_favicon")
    app.extensions.append(files)  # templates know it
    return files


def _check_place(prefix: str, folder: Path, where: str) -> None:
    """Reject a prefix or a folder that cannot be meant."""
    check_text(prefix, where, "/static")
    if not prefix.startswith("/") or "<" in prefix:
        raise DeclarationError(f"{where}: a prefix begins with a slash and has no variables.")
    if not folder.is_dir():
        raise DeclarationError(f"{where}: there is no folder {str(folder)!r}.")
