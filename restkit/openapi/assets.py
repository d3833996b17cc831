"""The files of the documentation pages: those of Swagger UI, of Scalar and of restkit."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

from .authorizing import REDIRECT_SCRIPT

__all__ = ["asset", "edition", "has_scalar", "has_swagger_ui"]

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
}
# SECURITY: restkit looks up only these names, so no path of a request reaches the file system.
_SWAGGER_UI = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_SCALAR = ("scalar.js",)
_SWAGGER_START = """\
"use strict";
window.addEventListener("load", () => {
  const place = document.getElementById("swagger-ui");
  window.ui = SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    displayRequestDuration: true,
    queryConfigEnabled: false,
    validatorUrl: null,
    oauth2RedirectUrl: new URL(place.dataset.redirect, location.href).href,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
  window.ui.initOAuth({ usePkceWithAuthorizationCodeGrant: true });
});
"""
# NOTE: what is switched off here would ask, or lead to, a host of Scalar's makers.
_SCALAR_START = """\
"use strict";
window.addEventListener("load", () => {
  const place = document.getElementById("scalar");
  Scalar.createApiReference(place, {
    url: place.dataset.document,
    proxyUrl: "",
    withDefaultFonts: false,
    telemetry: false,
    hideClientButton: true,
    showDeveloperTools: "never",
    agent: { disabled: true },
    mcp: { disabled: true },
  });
});
"""
_STYLE = """\
body { margin: 0; color: #222; font: 1rem/1.5 system-ui, sans-serif; }
body.plain { margin: 0 auto; max-width: 60rem; padding: 1rem; }
.plain h1 small { color: #666; font-weight: normal; }
.plain h3 { margin: 2rem 0 0; font: 600 1rem/1.5 ui-monospace, monospace; }
.plain h3 b { display: inline-block; min-width: 5rem; color: #06c; }
.plain code { padding: 0.1rem 0.3rem; background: #f4f4f4; font-family: ui-monospace, monospace; }
.plain table { border-collapse: collapse; }
.plain th, .plain td { padding: 0.2rem 1rem 0.2rem 0; text-align: left; vertical-align: top; }
.plain .deprecated { text-decoration: line-through; }
"""
_OWN = {
    "swagger-start.js": _SWAGGER_START.encode(),
    "oauth2-redirect.js": REDIRECT_SCRIPT.encode(),
    "scalar-start.js": _SCALAR_START.encode(),
    "page.css": _STYLE.encode(),
}


def has_swagger_ui() -> bool:
    """Return whether the package with Swagger UI's files is installed."""
    return all(_path(name) is not None for name in _SWAGGER_UI)


def has_scalar() -> bool:
    """Return whether the package with Scalar's file is installed."""
    return all(_path(name) is not None for name in _SCALAR)


@lru_cache(maxsize=8)
def _path(name: str) -> Path | None:
    """Return where a file of the fixed list is."""
    package, below = ("offapi", "") if name in _SCALAR else ("swagger_ui", "static")
    # NOTE: find_spec() does not import the packages: their modules integrate web frameworks, and
    # read every file of the package.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / below / name
    return path if path.is_file() else None


@lru_cache(maxsize=16)
def asset(name: str) -> tuple[bytes, str] | None:
    """Return a file's content and media type, None where there is no such file.

    Args:
        name: A file name; one of a fixed list.
    """
    media_type = _TYPES.get(Path(name).suffix, "application/octet-stream")
    if name in _OWN:
        return _OWN[name], media_type
    path = _path(name) if name in (*_SWAGGER_UI, *_SCALAR) else None
    return None if path is None else (path.read_bytes(), media_type)


@lru_cache(maxsize=1)
def edition() -> str:
    """Return a digest of the files for their URLs, so that clients can cache the files for long."""
    digest = hashlib.sha256()
    for content in _OWN.values():
        digest.update(content)
    for path in map(_path, (*_SWAGGER_UI, *_SCALAR)):
        if path is not None:
            # PERF: hash the file on disk, so that a server whose pages nobody opens does not keep
            # 6 MB in memory.
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]
