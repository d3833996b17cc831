"""Relations of a model as filters and sort orders reach them: ``author__country__name``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from marshmallow import fields as ma

from ..errors import DeclarationError
from ..records import Record
from .query import Condition, Operator
from .store import AnyField, AnyStore, Attribute
from .wire_names import hint, wire_name

__all__ = [
    "MAX_RELATIONS",
    "ModelRelation",
    "Path",
    "RelatedModel",
    "by_relation",
    "check_comparable",
    "find_path",
    "relations_of",
]

MAX_RELATIONS = 4
"""The largest number of relations between an item and an attribute of a filter or sort order."""
_SEPARATOR = re.compile("__(?!_)")  # a name may end with one: id___gte
_OWN = ("*", "any")


class RelatedModel(Protocol):
    """The model at the other end of a relation."""

    @property
    def model(self) -> type:
        """The class."""
        ...

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """The attributes by name."""
        ...

    @property
    def relations(self) -> Mapping[str, ModelRelation]:
        """The relations by name."""
        ...


class ModelRelation(Record):
    """A relation of a model.

    Attributes:
        name: The name.
        is_many: Whether an item may have several related items.
        target: The model of the related items.
    """

    name: str
    is_many: bool
    target: RelatedModel


@runtime_checkable
class RelatedModels(Protocol):
    """The optional ability of a store to filter and sort by attributes of related items."""

    @property
    def relations(self) -> Mapping[str, ModelRelation]:
        """The relations of the model by name."""
        ...


def relations_of(store: object) -> Mapping[str, ModelRelation]:
    """Return the relations of a store's model, none if the store does not know any."""
    return store.relations if isinstance(store, RelatedModels) else {}


class Path(Record):
    """An attribute of a model, or of one that it is related to.

    Attributes:
        name: The names of the relations and of the attribute, with dots: ``author.country.name``.
        attribute: The attribute. A relation itself has the operator ``any`` only.
        field: The field that the schema has for the attribute, otherwise the store's.
        called: The same with the names that clients use.
        many: The path of the last relation to several items for clients, ``""`` without one.
    """

    name: str
    attribute: Attribute
    field: AnyField
    called: str
    many: str


class _Level(Record):
    """The facts about a model on the way along a path."""

    model: type
    attributes: Mapping[str, Attribute]
    relations: Mapping[str, ModelRelation]
    fields: Mapping[str, AnyField]
    many: str
    above: tuple[str, ...] = ()
    called: tuple[str, ...] = ()


def find_path(
    name: str,
    store: AnyStore,
    fields: Mapping[str, AnyField],
    declared_at: str,
) -> tuple[Path, str]:
    """Return the attribute that a declaration names, and the rest of it: the operator.

    Args:
        name: ``year``, ``year__gte`` or ``author__name__contains``.
        store: The store of the items.
        fields: The schema's fields by attribute.
        declared_at: The class and its attribute, for messages.

    Raises:
        DeclarationError: A model has neither such an attribute nor such a relation, or there are
            more than `MAX_RELATIONS` relations.
    """
    level = _Level(store.model, store.attributes, relations_of(store), fields, "")
    rest = _SEPARATOR.split(name)
    while True:
        step = rest.pop(0)
        attribute = level.attributes.get(step)
        if attribute is not None:
            wire = level.fields.get(step, attribute.field)
            path = ".".join((*level.above, step))
            called = ".".join((*level.called, wire_name(step, level.fields)))
            return Path(path, attribute, wire, called, level.many), "__".join(rest)
        relation = level.relations.get(step)
        if relation is None:
            raise DeclarationError(_unknown(name, step, level, declared_at))
        level = _further(level, relation)
        if len(level.above) > MAX_RELATIONS:
            raise DeclarationError(
                f"{declared_at}: {name!r} goes over more than {MAX_RELATIONS} relations. Name an "
                "attribute of a nearer model."
            )
        if not rest or (rest[0] in _OWN and rest[0] not in level.attributes):
            return _of_relation(level, relation, name, rest, declared_at)


def check_comparable(attribute: Attribute, declared_at: str) -> None:
    """Reject an attribute that no store compares, if another one can be declared instead.

    Raises:
        DeclarationError: The attribute has advice.
    """
    if attribute.advice:
        raise DeclarationError(f"{declared_at}: {attribute.advice}")


def _further(level: _Level, relation: ModelRelation) -> _Level:
    """Return the level of the model at the other end of a relation."""
    target = relation.target
    called = (*level.called, wire_name(relation.name, level.fields))
    return _Level(
        target.model,
        target.attributes,
        target.relations,
        _nested_fields(level.fields.get(relation.name)),
        ".".join(called) if relation.is_many else level.many,
        (*level.above, relation.name),
        called,
    )


def _of_relation(
    level: _Level, relation: ModelRelation, name: str, rest: Sequence[str], declared_at: str
) -> tuple[Path, str]:
    """Return the path of a relation itself, whose operator says whether it has related items."""
    if rest == ["any"]:
        operators: frozenset[Operator] = frozenset({"any"})
        attribute = Attribute(relation.name, ma.Bool(), True, operators)
        called = ".".join(level.called)
        return Path(".".join(level.above), attribute, attribute.field, called, level.many), "any"
    known = ", ".join(sorted(level.attributes))
    raise DeclarationError(
        f"{declared_at}: {name!r} names a relation to {level.model.__name__}. Name one of its "
        f"attributes, {'__'.join(level.above)}__... with {known}; or write "
        f"{'__'.join(level.above)}__any."
    )


def _unknown(name: str, step: str, level: _Level, declared_at: str) -> str:
    related = ", ".join(sorted(level.relations))
    owner = level.model.__name__ if level.above else "the model"
    within = f" of {name!r}" if level.above else ""
    message = (
        f"{declared_at}: {owner} has no attribute {step!r}{within}. It has "
        f"{', '.join(sorted(level.attributes))}"
    )
    further = f", and the relations {related}." if related else "."
    return message + further + hint(step, level.fields)


def _nested_fields(field: AnyField | None) -> Mapping[str, AnyField]:
    """Return the fields of a nested schema by attribute; nothing without one."""
    inner = field.inner if isinstance(field, ma.List) else field
    if not isinstance(inner, ma.Nested):
        return {}
    return {each.attribute or name: each for name, each in inner.schema.fields.items()}


def by_relation(
    conditions: Iterable[Condition],
) -> tuple[list[Condition], dict[str, list[Condition]]]:
    """Return a model's own conditions, and those of each relation without its name.

    The conditions of one relation hold together for one related item.

    Args:
        conditions: The conditions, whose names are paths.
    """
    own: list[Condition] = []
    related: dict[str, list[Condition]] = {}
    for each in conditions:
        relation, dot, rest = each.name.partition(".")
        if dot:
            related.setdefault(relation, []).append(Condition(rest, each.operator, each.value))
        else:
            own.append(each)
    return own, related
