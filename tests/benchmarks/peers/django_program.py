"""A Django program of a few URLs, without a database, applications and templates."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

import django
from django.conf import settings

__all__ = ["program"]


def program(urls: Callable[[], list[Any]], middleware: Sequence[str] = (), **more: Any) -> Any:
    """Return the WSGI application.

    Args:
        urls: Returns its URL patterns; it is called when Django has its settings.
        middleware: The dotted names of its middleware.
        more: Further settings.
    """
    from django.core.wsgi import get_wsgi_application

    module = types.ModuleType("urls")
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            MIDDLEWARE=list(middleware),
            SECRET_KEY="benchmark",
            USE_TZ=True,
            **more,
        )
        django.setup()
    vars(module)["urlpatterns"] = urls()
    settings.ROOT_URLCONF = module
    settings.MIDDLEWARE = list(middleware)
    return get_wsgi_application()
