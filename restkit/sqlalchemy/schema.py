"""Models as schemas, for collections that declare none: through marshmallow-sqlalchemy, within the columns' bounds."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from marshmallow import Schema, fields, missing
from sqlalchemy.orm import Mapper

from ..crud.store import Attribute
from .columns import attributes_of

__all__ = ["schema_of"]


@cache
def schema_of(mapper: Mapper[Any], hidden: str | None) -> type[Schema]:
    """Return the schema class of a model's columns, the same one for the same arguments.

    Args:
        mapper: The model's.
        hidden: An attribute that no client sees.
    """
    members: dict[str, Any] = {
        name: _field(attribute, mapper) for name, attribute in attributes_of(mapper).items() if name != hidden
    }
    model = mapper.class_
    meta = type("Meta", (Schema.Meta,), {"register": False})
    documentation = vars(model).get("__doc__")
    return type(
        f"{model.__name__}Schema",
        (Schema,),
        {**members, "Meta": meta, "__module__": model.__module__, "__doc__": documentation},
    )


def _field(attribute: Attribute, mapper: Mapper[Any]) -> fields.Field[Any]:
    made = copy.copy(attribute.field)
    column = mapper.columns[attribute.name]
    made.validators = [*made.validators, *attribute.bounds]
    made.allow_none = attribute.nullable
    made.dump_only = attribute.generated
    needed = not attribute.nullable and column.default is None and column.server_default is None
    made.required = needed and not attribute.generated
    if attribute.default is not None and not callable(attribute.default) and not made.dump_only:
        made.load_default = attribute.default
        made.required = False
    else:
        made.load_default = missing
    if column.doc:
        made.metadata = {**made.metadata, "description": column.doc}
    return made
