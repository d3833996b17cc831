"""Nested writes: mappings that content nests become rows of the related models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Mapper

__all__ = ["assign", "make"]


def make(mapper: Mapper[Any], values: Mapping[str, Any]) -> Any:
    """Return a new object of a model, with those that are nested in it."""
    item = mapper.class_()
    assign(mapper, item, values)
    return item


def assign(mapper: Mapper[Any], item: Any, values: Mapping[str, Any]) -> None:
    """Set attributes of an object; what is nested in a relation becomes objects of it.

    An object of the relation whose primary key is named is changed; others are new, and those that are
    not named are left out (and deleted, where the relation cascades ``delete-orphan``).
    """
    relations = mapper.relationships
    for name, value in values.items():
        if name not in relations:
            setattr(item, name, value)
            continue
        relation = relations[name]
        present = getattr(item, name)
        if not relation.uselist:
            made = None if value is None else _made(relation.mapper, value, [present] if present is not None else [])
            setattr(item, name, made)
        else:
            setattr(item, name, [_made(relation.mapper, each, present) for each in value or ()])


def _made(mapper: Mapper[Any], value: Any, present: Sequence[Any]) -> Any:
    if not isinstance(value, Mapping):
        return value
    names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    wanted = [value.get(name) for name in names]
    for each in present:
        if None not in wanted and [getattr(each, name) for name in names] == wanted:
            assign(mapper, each, {name: given for name, given in value.items() if name not in names})
            return each
    return make(mapper, value)
