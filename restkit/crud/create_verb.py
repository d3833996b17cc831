"""The POST of a collection: its content is JSON, or a form if `create` takes files."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Protocol

from marshmallow import Schema

from ..contract import Location
from ..declarations import declarations_of
from ..resource import Resource

__all__ = ["create_inputs", "create_verb"]

_Headers = Mapping[str, str]


class _Endpoint(Protocol):
    """The part of a collection's endpoint that creates an item."""

    def create_item(self, body: object, headers: _Headers | None = None, /) -> object:
        """Store a new item."""
        ...


def create_inputs(
    declared: type[Resource], schema: type[Schema]
) -> dict[Location, type[Schema] | None]:
    """Return the content of a POST: a body, or a form if ``create`` declares files.

    Args:
        declared: The `CRUDResource`.
        schema: The schema of new items.
    """
    own = declarations_of(inspect.getattr_static(declared, "create")).inputs
    if "files" not in own:
        return {"body": schema}
    # Files may be everything that a client sends.
    return {"form": schema} if schema().load_fields else {}


def create_verb(inputs: Mapping[Location, object]) -> Callable[..., object]:
    """Return the function of the POST with this content."""

    def post(self: _Endpoint, body: object, headers: _Headers | None, **path: object) -> object:
        return self.create_item(body, headers)

    def post_form(
        self: _Endpoint, headers: _Headers | None, form: object = None, **given: object
    ) -> object:
        return self.create_item({} if form is None else form, headers)

    return post if "body" in inputs else post_form
