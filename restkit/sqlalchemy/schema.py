"""Schemas of models, for collections without one, with the bounds of the columns."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from marshmallow import Schema, fields, missing
from sqlalchemy import inspect
from sqlalchemy.orm import Mapper, configure_mappers

from ..crud.derived_schemas import derives_schemas
from ..crud.store import AnyField, Attribute
from ..errors import DeclarationError
from .columns import attributes_of, python_type_of
from .decorated_types import obstacle_of
from .descriptors import expressions_of
from .polymorphism import kinds_of

__all__ = ["schema_of"]


@cache
def schema_of(
    mapper: Mapper[object], hidden: str | None = None, expand: tuple[str, ...] = (), name: str = ""
) -> type[Schema]:
    """Return the schema class of a model's columns, the same one for the same arguments.

    Args:
        mapper: The mapper of the model.
        hidden: An attribute that no client sees.
        expand: The relations to include, with the columns of their models.
        name: The name of the class without ``Schema``; that of the model by default.

    Raises:
        DeclarationError: The model lacks a relation.
    """
    members: dict[str, Any] = {
        name: _field(attribute, mapper)
        for name, attribute in attributes_of(mapper).items()
        if name != hidden
    }
    members |= {name: _shown(each) for name, each in expressions_of(mapper).items()}
    model = mapper.class_
    members |= {each: _nested(mapper, each, expand) for each in expand if "." not in each}
    meta = type("Meta", (Schema.Meta,), {"register": False})
    documentation = vars(model).get("__doc__")
    return type(
        f"{name or model.__name__}Schema",
        (Schema,),
        {**members, "Meta": meta, "__module__": model.__module__, "__doc__": documentation},
    )


@derives_schemas
def derive(model: type, hidden: str | None, expand: tuple[str, ...]) -> type[Schema] | None:
    """Return the schema class of a mapped class, None for other classes and for several kinds."""
    mapper: object = inspect(model, raiseerr=False)
    if not isinstance(mapper, Mapper):
        return None
    configure_mappers()
    return None if kinds_of(mapper) else schema_of(mapper, hidden, expand)


def _nested(mapper: Mapper[object], name: str, expand: tuple[str, ...]) -> fields.Field[Any]:
    relation = mapper.relationships.get(name)
    if relation is None:
        raise DeclarationError(
            f"{mapper.class_.__qualname__} has no relation {name!r}, which expand asks for; it has "
            f"{', '.join(sorted(mapper.relationships.keys())) or 'none'}."
        )
    # The name is unique: a collection of the related model may hide or expand other attributes.
    stem = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    begin = f"{name}."
    below = tuple(each.removeprefix(begin) for each in expand if each.startswith(begin))
    called = f"{relation.parent.class_.__name__}{stem}"
    nested = fields.Nested(schema_of(relation.mapper, None, below, called), dump_only=True)
    if relation.uselist:
        return fields.List(nested, dump_only=True)
    nested.allow_none = True
    return nested


def _shown(attribute: Attribute) -> AnyField:
    """Return the field of an expression, which no client writes."""
    made = copy.copy(attribute.field)
    made.dump_only = made.allow_none = True
    return made


def _field(attribute: Attribute, mapper: Mapper[object]) -> fields.Field[Any]:
    made = copy.copy(attribute.field)
    column = mapper.columns[attribute.name]
    if obstacle := obstacle_of(column.type, python_type_of(column)):
        raise DeclarationError(
            f"{mapper.class_.__qualname__}.{attribute.name} has the type "
            f"{type(column.type).__name__}, which {obstacle}. Declare a schema for the "
            "collection, with a field of your own for the attribute or without it."
        )
    made.validators = [*made.validators, *attribute.bounds]
    made.allow_none = attribute.nullable
    made.dump_only = attribute.generated
    needed = not attribute.nullable and column.default is None and column.server_default is None
    made.required = needed and not attribute.generated
    is_constant = attribute.default is not None and not callable(attribute.default)
    if is_constant and not made.dump_only and not attribute.is_stamped:
        made.load_default = attribute.default
        made.required = False
    else:
        made.load_default = missing
    if column.doc:
        made.metadata = {**made.metadata, "description": column.doc}
    return made
