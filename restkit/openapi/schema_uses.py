"""Uses of a schema that nests itself with other rules than its class has, such as a part of it.

Each use is a component, which refers to itself; written in line, it would have no end.
"""

from __future__ import annotations

import types
from typing import NamedTuple

from marshmallow import Schema

from ..operations.operation_ids import stem
from ..schemas.bound import View

__all__ = ["Use", "use_of", "variant_of"]


class Use(NamedTuple):
    """A use of a schema: two equal ones are documented alike."""

    declared: type[Schema]
    view: View
    names: tuple[str, ...]
    unknown: str
    optional: frozenset[str]


def use_of(schema: Schema, view: View) -> Use:
    """Return the use of an instance for a view."""
    partial = schema.partial
    optional = () if partial is None or isinstance(partial, bool) else partial
    return Use(type(schema), view, tuple(schema.fields), schema.unknown, frozenset(optional))


def variant_of(declared: type[Schema]) -> type[Schema]:
    """Return a class of its own, which no schema finds by its name."""
    name = f"{stem(declared) or 'Schema'}Variant"
    members: dict[str, object] = {"__doc__": declared.__doc__, "__module__": declared.__module__}
    members["Meta"] = type("Meta", (declared.Meta,), {"register": False})
    return types.new_class(name, (declared,), exec_body=lambda body: body.update(members))
