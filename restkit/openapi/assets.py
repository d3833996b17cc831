"""The files of the documentation pages: Swagger UI's from its package, a style sheet and a script of our own."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

__all__ = ["asset", "edition", "has_swagger_ui"]

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".png": "image/png"}
# SECURITY: only these names are ever looked up, so no path that a client writes reaches the file system.
_SWAGGER_UI = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
_START = """\
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
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
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
_OWN = {"start.js": _START.encode(), "page.css": _STYLE.encode()}


def has_swagger_ui() -> bool:
    """Whether the package that carries Swagger UI's files is installed."""
    return _folder() is not None


@lru_cache(maxsize=1)
def _folder() -> Path | None:
    # NOTE: found, not imported: the package's own modules are glue to web frameworks.
    spec = importlib.util.find_spec("swagger_ui")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "static"
    return folder if all((folder / name).is_file() for name in _SWAGGER_UI) else None


@lru_cache(maxsize=16)
def asset(name: str) -> tuple[bytes, str] | None:
    """Return a file's content and media type, None where there is no such file.

    Args:
        name: A file name; one of a fixed list.
    """
    media_type = _TYPES.get(Path(name).suffix, "application/octet-stream")
    if name in _OWN:
        return _OWN[name], media_type
    folder = _folder()
    if name not in _SWAGGER_UI or folder is None:
        return None
    return (folder / name).read_bytes(), media_type


@lru_cache(maxsize=1)
def edition() -> str:
    """Return what changes in the files' URLs when their content changes, so that they can be kept for long."""
    digest = hashlib.sha256()
    for name in (*_OWN, *_SWAGGER_UI):
        found = asset(name)
        digest.update(found[0] if found is not None else b"")
    return digest.hexdigest()[:12]
