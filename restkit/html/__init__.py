"""HTML pages, static files and downloads: the only package that imports Jinja."""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .file_response import FileResponse
    from .local_url import LocalURL
    from .logged_in import LoggedIn
    from .method_override import MethodOverride
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
    "MethodOverride",
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
    "MethodOverride": "method_override",
    "Session": "session",
    "Sessions": "sessions",
    "Templates": "templates",
}


# Cold start: a program that sends files does not load Jinja, nor one with pages itsdangerous.
__getattr__ = lazy_names(__name__, _MODULES)
