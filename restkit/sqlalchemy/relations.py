"""Nested writes: nested mappings of a body become rows of the related models."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import (
    Mapper,
    RelationshipDirection,
    RelationshipProperty,
    Session,
    WriteOnlyCollection,
)
from sqlalchemy.orm.attributes import flag_modified

from ..crud.store import DecidedValue, ReferenceViolation, RejectedValue
from .construction import instantiate, keep_nulls, write_nulls
from .loading import LARGE, keep_large, large_members
from .polymorphism import discriminator_of, kinds_of

__all__ = [
    "assign",
    "changed_relations",
    "flush",
    "make",
    "references_of",
    "referring_relations",
    "resorted",
    "touch",
]

_Value = Any


def references_of(mapper: Mapper[object], name: str) -> frozenset[str]:
    """Return the attributes with the foreign key of a relation to one object."""
    relation = mapper.relationships.get(name)
    if relation is None or relation.direction is not RelationshipDirection.MANYTOONE:
        return frozenset()
    columns = (each for each in relation.local_columns if each in mapper.columns.values())
    return frozenset(mapper.get_property_by_column(each).key for each in columns)


def make(mapper: Mapper[object], values: Mapping[str, object]) -> _Value:
    """Return a new object of a model, with its nested objects.

    Raises:
        RejectedValue: The model's constructor or an attribute raised ValueError.
    """
    try:
        item, passed = instantiate(mapper, values)
    except ValueError as error:
        raise RejectedValue(_rejected(mapper, values)) from error
    for relation in mapper.relationships:
        if relation.lazy in LARGE:
            keep_large(item, relation.key, [])  # no row refers to a new one yet
    assign(mapper, item, {name: value for name, value in values.items() if name not in passed})
    keep_nulls(mapper, item, values)
    return item


def resorted(mapper: Mapper[object], known: Mapping[str, object]) -> list[str]:
    """Return the relations in whose lists the database may have another order than content."""
    return [
        each.key
        for each in mapper.relationships
        if each.order_by and each.uselist and len(_sized(known.get(each.key))) > 1
    ]


def _sized(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def flush(session: Session) -> None:
    """Flush a session whose new objects `make` has made."""
    for each in session.new:
        write_nulls(each)
    session.flush()


def _rejected(mapper: Mapper[object], values: Mapping[str, object]) -> list[str]:
    """Return the attributes whose values the model rejects one by one."""
    probe, found = mapper.class_manager.new_instance(), []
    own = {*mapper.all_orm_descriptors.keys()}.difference(mapper.relationships.keys())
    for name in own.intersection(values):
        try:
            setattr(probe, name, values[name])
        except ValueError:
            found.append(name)
    return sorted(found)


def assign(mapper: Mapper[object], item: object, values: Mapping[str, _Value]) -> None:
    """Set attributes of an object; nested mappings become objects of its relations.

    If a mapping has the primary key of an object of the relation, that object is changed. Other
    mappings become new objects. Objects that no mapping names leave the relation, and are deleted
    if it cascades ``delete-orphan``.

    Raises:
        ReferenceViolation: A mapping has a generated key that no object of the relation has, or
            that another mapping has too.
        DecidedValue: A mapping has another foreign key than that of the object.
        RejectedValue: The model raised ValueError.
    """
    relations = mapper.relationships
    for name, value in values.items():
        if name not in relations:
            _set(item, name, value)
            continue
        relation = relations[name]
        _check_synchronized(mapper, item, relation, values)
        if relation.lazy in LARGE:
            _assign_large(relation, item, value)
            continue
        present = getattr(item, name)
        if not relation.uselist:
            left = [present] if present is not None else []
            _set(item, name, None if value is None else _matching_object(relation, value, left))
        else:
            left = list(present)
            _set(item, name, [_matching_object(relation, each, left) for each in value or ()])


def _check_synchronized(
    mapper: Mapper[object],
    item: object,
    relation: RelationshipProperty[_Value],
    values: Mapping[str, _Value],
) -> None:
    """Reject nested mappings with other values than the relation will set.

    Raises:
        DecidedValue: A foreign key, or a part of it, contradicts that of the object.
    """
    if relation.direction is not RelationshipDirection.ONETOMANY:
        return
    nested = values[relation.key]
    mappings = [each for each in nested or () if isinstance(each, Mapping)]
    if isinstance(nested, Mapping):
        mappings = [nested]
    for column, remote in relation.synchronize_pairs if mappings else ():
        name = mapper.get_property_by_column(column).key
        decided = values.get(name, getattr(item, name))
        own = relation.mapper.get_property_by_column(remote).key
        if any(each.get(own) not in (None, decided) for each in mappings):
            raise DecidedValue((relation.key,))


def _assign_large(
    relation: RelationshipProperty[_Value], item: object, value: Iterable[object] | None
) -> None:
    """Set the objects of a relation that SQLAlchemy does not load into items."""
    name = relation.key
    present = large_members(item, name)
    left = list(present)
    wanted = [_matching_object(relation, each, left) for each in value or ()]
    if relation.lazy == "dynamic":
        setattr(item, name, wanted)
    else:
        collection: WriteOnlyCollection[object] = getattr(item, name)
        for each in present:
            if each not in wanted:
                collection.remove(each)
        collection.add_all([each for each in wanted if each not in present])
    keep_large(item, name, wanted)


def _set(item: object, name: str, value: object) -> None:
    """Set an attribute, whose model may reject the value: by ``validates``, by a property.

    Raises:
        RejectedValue: The model raised ValueError.
    """
    try:
        setattr(item, name, value)
    except ValueError as error:
        raise RejectedValue((name,)) from error


def _matching_object(
    relation: RelationshipProperty[_Value], value: _Value, left: list[_Value]
) -> _Value:
    """Return the object of a mapping: one of the remaining ones, or a new one."""
    if not isinstance(value, Mapping):
        return value
    mapper = relation.mapper
    if kinds_of(mapper):
        mapper, value = _divided(relation, value)
    names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    wanted = [value.get(name) for name in names]
    if None in wanted:
        return make(mapper, value)
    for each in left:
        if [getattr(each, name) for name in names] == wanted:
            left.remove(each)
            return _changed_object(relation, mapper, each, value)
    table: _Value = mapper.local_table
    if table.autoincrement_column is not None:
        # SECURITY: the row would be taken from another parent, or block a later generated key.
        raise ReferenceViolation((relation.key,))
    return make(mapper, value)


def _changed_object(
    relation: RelationshipProperty[_Value],
    mapper: Mapper[object],
    item: _Value,
    value: Mapping[str, _Value],
) -> _Value:
    """Return an object with the values of a mapping, without those of its primary key.

    Raises:
        RejectedValue: The mapping is of another kind.
    """
    if not isinstance(item, mapper.class_):
        raise RejectedValue((relation.key,))
    names = {mapper.get_property_by_column(column).key for column in mapper.primary_key}
    assign(mapper, item, {name: each for name, each in value.items() if name not in names})
    return item


def _divided(
    relation: RelationshipProperty[_Value], value: Mapping[str, _Value]
) -> tuple[Mapper[object], Mapping[str, _Value]]:
    """Return the mapper of the kind that a mapping names, and its other values.

    Raises:
        RejectedValue: It names no kind, or has values that the kind does not have.
    """
    own = dict(value)
    kind = own.pop(discriminator_of(relation.mapper), None)
    mapper = kinds_of(relation.mapper).get(getattr(kind, "name", kind))
    if mapper is None or not own.keys() <= {*mapper.all_orm_descriptors.keys()}:
        raise RejectedValue((relation.key,))
    return mapper, own


def changed_relations(
    mapper: Mapper[object], item: object, values: Mapping[str, object]
) -> list[str]:
    """Return the relations that a write changes: it adds or removes objects, or nests mappings.

    Args:
        mapper: The mapper of the object.
        item: The object, whose attributes are set.
        values: The written attributes.
    """
    states = sa.inspect(item).attrs
    return [
        name
        for name, value in values.items()
        if name in mapper.relationships
        and (_has_mappings(value) or states[name].history.has_changes())
    ]


def _has_mappings(value: object) -> bool:
    values = value if isinstance(value, (list, tuple)) else (value,)
    return any(isinstance(each, Mapping) for each in values)


def touch(mapper: Mapper[object], item: _Value, names: Iterable[str]) -> None:
    """Mark an object as changed if only its nested objects change, so that its version increases.

    Args:
        mapper: The mapper of the object.
        item: The object.
        names: The attributes that are set.
    """
    if any(name in mapper.relationships for name in names):
        own = {*mapper.primary_key, mapper.version_id_col}
        present = vars(item)
        found = (
            prop.key
            for prop in mapper.column_attrs
            if prop.columns[0] not in own and prop.key in present
        )
        if (name := next(found, None)) is not None:
            flag_modified(item, name)


def referring_relations(mapper: Mapper[object], names: Collection[str]) -> list[str]:
    """Return the relations whose rows depend on some attributes.

    Args:
        mapper: The mapper of the object.
        names: The attributes, which have changed.
    """
    found: list[str] = []
    for relation in mapper.relationships:
        columns = map(mapper.get_property_by_column, relation.local_columns)
        if any(each.key in names for each in columns):
            found.append(relation.key)
    return found
