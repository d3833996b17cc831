"""HTML pages, static files and downloads: the only package that imports Jinja."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .file_response import FileResponse
    from .local_url import LocalURL
    from .logged_in import LoggedIn
    from .resource import HTMLResource
    from .session import Flash, Session
    from .sessions import Sessions
    from .templates import Templates

__all__ = [
    "FileResponse",
    "Flash",
    "HTMLResource",
    "LocalURL",
    "LoggedIn",
    "Session",
    "Sessions",
    "Templates",
]

_MODULES = {
    "FileResponse": "file_response",
    "Flash": "session",
    "HTMLResource": "resource",
    "LocalURL": "local_url",
    "LoggedIn": "logged_in",
    "Session": "session",
    "Sessions": "sessions",
    "Templates": "templates",
}


# Cold start: a program that sends files does not load Jinja, nor one with pages itsdangerous.
def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
