"""Attributes of models that are not columns: expressions, and what sets columns or rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import cast

import sqlalchemy as sa
from marshmallow import fields
from sqlalchemy.ext.associationproxy import AssociationProxyExtensionType
from sqlalchemy.ext.hybrid import HybridExtensionType, hybrid_property
from sqlalchemy.orm import Mapper

from ..crud.query import Operator
from ..crud.store import Attribute
from .columns import field_of

__all__ = ["expressions_of", "filled_by", "others_of"]

_NOTHING: frozenset[Operator] = frozenset()


def expressions_of(mapper: Mapper[object]) -> dict[str, Attribute]:
    """Return the attributes that the database computes in each SELECT, by name.

    These are ``column_property`` and the expressions of a mapped subquery.
    """
    return {
        prop.key: _expression(prop.key, cast("sa.Column[object]", prop.columns[0]))
        for prop in mapper.column_attrs
        if not isinstance(prop.columns[0], sa.Column) and not prop.key.startswith("_")
    }


def _expression(name: str, column: sa.Column[object]) -> Attribute:
    field, operators = field_of(column)
    return Attribute(name, field, True, frozenset((*operators, "null")), generated=True)


def others_of(mapper: Mapper[object]) -> dict[str, Attribute]:
    """Return the attributes of a model that are not columns, by name."""
    return {**expressions_of(mapper), **settable_of(mapper)}


def settable_of(mapper: Mapper[object]) -> dict[str, Attribute]:
    """Return the attributes that code of the model, or SQLAlchemy, sets in another way, by name.

    These are hybrids with a setter, synonyms and association proxies. Clients can write them if
    the schema has a field for them, but not filter or sort by them.
    """
    found = {name: Attribute(name, fields.Raw(), True, _NOTHING) for name in _settable(mapper)}
    lists = (name for name in _proxies(mapper) if not getattr(mapper.class_, name).scalar)
    return found | {name: replace(found[name], default=list) for name in lists}


def _settable(mapper: Mapper[object]) -> Iterator[str]:
    yield from mapper.synonyms.keys()
    yield from _hybrids(mapper)
    yield from _proxies(mapper)


def _hybrids(mapper: Mapper[object]) -> Iterator[str]:
    """Yield the names of hybrids that have a setter."""
    for name, each in mapper.all_orm_descriptors.items():
        if each.extension_type is not HybridExtensionType.HYBRID_PROPERTY:
            continue
        if cast("hybrid_property[object]", each).fset is not None:
            yield name


def _proxies(mapper: Mapper[object]) -> Iterator[str]:
    """Yield the names of association proxies."""
    for name, each in mapper.all_orm_descriptors.items():
        if each.extension_type is AssociationProxyExtensionType.ASSOCIATION_PROXY:
            yield name


def filled_by(mapper: Mapper[object], names: Iterable[str]) -> set[str] | None:
    """Return the attributes that are set with others, through synonyms.

    Returns:
        None, if setting the others runs code of the model, which may set any column.
    """
    given = {*names}
    if not given.isdisjoint((*_hybrids(mapper), *_proxies(mapper))):
        return None
    return {each.name for each in mapper.synonyms if each.key in given}
