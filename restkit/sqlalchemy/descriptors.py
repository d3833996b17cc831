"""Attributes of models that are not columns: expressions, and those that set columns or rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import cast

import sqlalchemy as sa
from marshmallow import fields
from marshmallow.validate import Validator
from sqlalchemy.ext.associationproxy import AssociationProxyExtensionType
from sqlalchemy.ext.hybrid import HybridExtensionType, hybrid_property
from sqlalchemy.orm import CompositeProperty, InstrumentedAttribute, Mapper

from ..crud.query import Operator
from ..crud.store import Attribute
from .columns import bounds_of, field_of
from .typed_columns import expression_of_hybrid

__all__ = ["expressions_of", "filled_by", "others_of"]

_NOTHING: frozenset[Operator] = frozenset()


def expressions_of(mapper: Mapper[object]) -> dict[str, Attribute]:
    """Return the attributes that the database computes in each SELECT, by name.

    These are ``column_property`` and the expressions of a mapped subquery, but not the
    discriminator of concrete inheritance, which items do not have.
    """
    return {
        prop.key: _expression(prop.key, cast("sa.Column[object]", prop.columns[0]))
        for prop in mapper.column_attrs
        if not isinstance(prop.columns[0], sa.Column)
        and not prop.key.startswith("_")
        and isinstance(getattr(mapper.class_, prop.key, None), InstrumentedAttribute)
    }


def _expression(name: str, column: sa.Column[object]) -> Attribute:
    field, operators = field_of(column)
    found = frozenset((*operators, "null"))
    bounds = tuple(_whole_numbers(column.type))
    return Attribute(name, field, True, found, bounds, generated=True, is_derived=True)


def _whole_numbers(kind: sa.types.TypeEngine[object]) -> Iterator[Validator]:
    """Yield the bounds of the integers that a database compares with an expression."""
    if isinstance(kind, sa.Integer):
        yield from bounds_of(sa.Column("value", kind))


def others_of(mapper: Mapper[object], columns: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Return the attributes of a model that are not columns, by name.

    These are expressions, synonyms, hybrids, association proxies and composites. Clients can filter
    and sort by those that SQL can name: expressions, synonyms of columns, hybrids with an SQL
    expression. They can write those that code of the model, or SQLAlchemy, sets in another way, if
    the schema has a field for them.

    Args:
        mapper: The mapper of the model.
        columns: The columns by name.
    """
    found = expressions_of(mapper)
    known = {**columns, **found}
    found |= {each.key: _synonym(each.key, mapper, known) for each in mapper.synonyms}
    found |= {name: _hybrid(name, mapper) for name in _hybrids(mapper)}
    found |= {name: _proxy(name, mapper) for name in _proxies(mapper)}
    return found | {each.key: _composite(each, mapper) for each in mapper.composites}


def _synonym(name: str, mapper: Mapper[object], known: Mapping[str, Attribute]) -> Attribute:
    target = mapper.synonyms[name].name
    if target in known:
        return replace(known[target], name=name, is_derived=True)
    advice = f"{mapper.class_.__qualname__}.{name} is a synonym of {target!r}. Name that instead."
    return Attribute(name, fields.Raw(), True, _NOTHING, is_derived=True, advice=advice)


def _hybrid(name: str, mapper: Mapper[object]) -> Attribute:
    called = f"{mapper.class_.__qualname__}.{name}"
    descriptor = cast("hybrid_property[object]", mapper.all_orm_descriptors[name])
    made = Attribute(
        name, fields.Raw(), True, _NOTHING, generated=descriptor.fset is None, is_derived=True
    )
    found = expression_of_hybrid(mapper, name)
    if found is None:
        return replace(
            made,
            advice=f"The hybrid {called} has no SQL expression. Declare one with "
            f"@{name}.expression, or name columns instead.",
        )
    if isinstance(found.type, sa.types.NullType):
        return replace(
            made,
            advice=f"The SQL expression of {called} has no type. Wrap it in type_coerce(..., "
            "String) with the type of its values.",
        )
    field, operators = field_of(sa.Column(name, found.type))
    # The bounds are those of filters alone: a setter may take any value.
    field.validators = [*field.validators, *_whole_numbers(found.type)]
    return replace(made, field=field, operators=frozenset((*operators, "null")))


def _proxy(name: str, mapper: Mapper[object]) -> Attribute:
    proxy = getattr(mapper.class_, name)
    target = f"{proxy.target_collection}__{proxy.value_attr}"
    advice = (
        f"{mapper.class_.__qualname__}.{name} is an association proxy. Name {target!r} instead."
    )
    default = None if proxy.scalar else list
    return Attribute(
        name, fields.Raw(), True, _NOTHING, default=default, is_derived=True, advice=advice
    )


def _composite(prop: CompositeProperty[object], mapper: Mapper[object]) -> Attribute:
    names = ", ".join(repr(each.key) for each in prop.props)
    advice = f"{mapper.class_.__qualname__}.{prop.key} is a composite. Name {names} instead."
    return Attribute(
        prop.key, fields.Raw(), True, _NOTHING, generated=True, is_derived=True, advice=advice
    )


def _hybrids(mapper: Mapper[object]) -> Iterator[str]:
    """Yield the names of hybrids."""
    for name, each in mapper.all_orm_descriptors.items():
        if each.extension_type is HybridExtensionType.HYBRID_PROPERTY:
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
