"""django-modern-rest, synchronous; it does not validate its responses, which its documentation
advises for production.
"""

# NOTE: No "annotations" from __future__: the framework must see the types.

from typing import Any

from .django_program import program

__all__ = ["SETTINGS", "hello", "middleware", "passing", "passing_by", "services"]

SETTINGS = {"validate_responses": False}


def passing(get_response: Any) -> Any:
    """Return a middleware that passes the request on."""

    def middleware(request: Any) -> Any:
        return get_response(request)

    return middleware


def passing_by(count: int) -> list[str]:
    """Return the names of so many middlewares."""
    return [f"{__name__}.passing"] * count


def _urls() -> list[Any]:
    from uuid import UUID

    from django.urls import path
    from dmr import Controller, Path
    from dmr.plugins.msgspec import MsgspecSerializer
    from msgspec import Struct

    class Hello(Controller[MsgspecSerializer]):
        def get(self) -> dict[str, str]:
            return {"hello": "world"}

    class Keys(Struct):
        item_id: int
        part_id: UUID

    class Part(Controller[MsgspecSerializer]):
        def get(self, parsed_path: Path[Keys]) -> dict[str, Any]:
            return {"item": parsed_path.item_id, "part": parsed_path.part_id}

    parts = "items/<int:item_id>/parts/<uuid:part_id>"
    return [path("", Hello.as_view()), path(parts, Part.as_view())]


def middleware(count: int) -> Any:
    return program(_urls, passing_by(count), DMR_SETTINGS=SETTINGS)


def hello() -> Any:
    return middleware(0)


def services() -> Any:
    """Return hello, and the path with two converters."""
    return middleware(0)
