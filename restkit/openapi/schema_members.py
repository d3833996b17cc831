"""The members of a schema in the document: their order, which are required, and what it is for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, missing

from ..operations.operation_ids import stem
from ..schemas.bound import View
from ..schemas.json_values import text_value
from .metadata import Field

__all__ = ["description_of", "in_order", "is_required"]


def is_required(each: Field, schema: Schema, view: View) -> bool:
    """Return whether a member is always there."""
    if view is View.RESPONSE:
        optional = each.name in getattr(schema.Meta, "optional", ())
        return not optional and (
            each.required or each.dump_only or each.dump_default is not missing
        )
    if each.name in getattr(schema.Meta, "always_required", ()):
        return True  # the discriminator of a union
    if view is View.PATCH or schema.partial is True:
        return False
    return each.required and each.name not in (schema.partial or ())


def in_order(schema: Schema, found: Mapping[str, Any]) -> list[str]:
    """Return names of fields in the order of the class: `only` may be a set, which has none."""
    if schema.only is None:
        return list(found)
    places = {name: at for at, name in enumerate(schema._declared_fields)}
    return sorted(found, key=lambda name: places.get(name, len(places)))


def description_of(schema: Schema) -> str:
    """Return the description of a schema: as its Meta says, or its docstring."""
    said = getattr(schema.Meta, "description", None)
    if said:
        return text_value(said)
    own = vars(type(schema)).get("__doc__")
    return inspect.cleandoc(own) if own and stem(type(schema)) else ""
