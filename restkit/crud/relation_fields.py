"""The schema fields of relations that content names by keys."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from marshmallow import RAISE, Schema, fields, missing, validate

from ..errors import DeclarationError
from .relations import Related, Relation
from .rows import RELATED
from .store import AnyField

__all__ = ["BoundRelation", "RelatedKeys", "with_relations"]

_OPTIONS = ("required", "allow_none", "load_only", "dump_only", "data_key", "load_default")
_Value = Any
_Serialize = Callable[..., _Value]


class BoundRelation:
    """A relation of one collection.

    Attributes:
        relation: The store's description.
        related: The declaration.
    """

    __slots__ = ("related", "relation")

    def __init__(self, relation: Relation, related: Related) -> None:
        """Combine the description and the declaration."""
        self.relation = relation
        self.related = related

    @property
    def shape(self) -> tuple[object, ...]:
        """The facts on which the field of a relation depends."""
        relation = self.relation
        return (*self.related, relation.name, relation.by, relation.is_many, relation.references)


_known: WeakKeyDictionary[type, dict[object, type[Schema]]] = WeakKeyDictionary()


class RelatedKeys(fields.List[_Value]):
    """A field of the keys of related rows, in an order that is the same for every response."""

    is_sorted = True

    def _serialize(
        self, value: _Value, attr: str | None, obj: _Value, **kwargs: _Value
    ) -> list[_Value] | None:
        if value is None:
            return None
        found = super()._serialize(list(_rows(value, attr, obj)), attr, obj, **kwargs)
        return sorted(found) if self.is_sorted and found else found

    def _deserialize(
        self, value: _Value, attr: str | None, data: _Value, **kwargs: _Value
    ) -> list[_Value]:
        if isinstance(value, list):
            # SECURITY: the work on a list that is too long must not grow with its length.
            for each in self.validators:
                if isinstance(each, validate.Length):
                    each(value)
        return super()._deserialize(value, attr, data, **kwargs)


class RelatedKey(fields.Pluck):
    """A field of the key of one related row."""

    def _serialize(self, *given: _Value, **kwargs: _Value) -> _Value:
        value, attr, obj = given
        serialize: _Serialize = super()._serialize
        return serialize(_rows(value, attr, obj), attr, obj, **kwargs)


def _rows(value: _Value, attr: str | None, obj: _Value) -> _Value:
    """Return the related rows of an item, whose attribute may hold their keys only."""
    kept = None if isinstance(obj, dict) or obj is None else vars(obj).get(RELATED)
    return value if kept is None else kept.get(attr, value)


def with_relations(
    declared: type[Schema],
    relations: Mapping[str, BoundRelation],
    declared_at: str,
    *,
    derived: bool,
) -> type[Schema]:
    """Return a schema class whose fields of relations hold the keys of the related rows.

    Args:
        declared: The class.
        relations: The relations by name.
        declared_at: The name of the class of the collection, for messages.
        derived: Whether the class is derived from the model: it gets a field for each relation
            and loses those of the foreign keys.

    Raises:
        DeclarationError: The field of a relation is an object.
    """
    if not relations:
        return declared
    # A class that is mounted on several URLs has one schema, which is one component.
    shape = tuple((name, *bound.shape) for name, bound in relations.items())
    made = _known.setdefault(declared, {})
    if (shape, derived) not in made:
        made[shape, derived] = _made(declared, relations, declared_at, derived=derived)
    return made[shape, derived]


def _made(
    declared: type[Schema],
    relations: Mapping[str, BoundRelation],
    declared_at: str,
    *,
    derived: bool,
) -> type[Schema]:
    if derived:
        members = {name: _field(bound, None, name) for name, bound in relations.items()}
        return _with(declared, members, _replaced(relations))
    members = {}
    for name, bound in relations.items():
        for key, field in _showing(declared, (name, bound.relation.name)):
            where = f"{declared_at}: {declared.__name__}.{key}"
            members[key] = _field(bound, field, where)
    return _with(declared, members, ()) if members else declared


def _showing(declared: type[Schema], names: tuple[str, str]) -> list[tuple[str, AnyField]]:
    """Return the fields of a relation, without those that show whole rows beside its keys."""
    known = _fields_of(declared).items()
    found = [(key, field) for key, field in known if (field.attribute or key) in names]
    keys = [(key, field) for key, field in found if not _shows_rows(field)]
    return keys or found


def _shows_rows(field: AnyField) -> bool:
    inner = field.inner if isinstance(field, fields.List) else field
    return field.dump_only and isinstance(inner, fields.Nested)


def _replaced(relations: Mapping[str, BoundRelation]) -> tuple[str, ...]:
    """Return the foreign keys in whose place content has a relation."""
    references = (each for bound in relations.values() for each in bound.relation.references)
    return tuple(each for each in references if each not in relations)


def _fields_of(declared: type[Schema]) -> Mapping[str, AnyField]:
    try:
        return declared().fields
    except Exception:  # noqa: BLE001  # `Views` says why the schema cannot be instantiated
        return {}


def _with(
    declared: type[Schema], members: Mapping[str, AnyField], replaced: tuple[str, ...]
) -> type[Schema]:
    excluded = (*getattr(declared.Meta, "exclude", ()), *replaced)
    meta = type("Meta", (declared.Meta,), {"register": False, "exclude": excluded})
    more = {"Meta": meta, "__doc__": declared.__doc__, "__module__": declared.__module__}
    return type(declared.__name__, (declared,), {**members, **more})


def _field(bound: BoundRelation, own: AnyField | None, where: str) -> AnyField:
    """Return the field of a relation, with the options of a field of the user."""
    relation = bound.relation
    value = copy.copy(relation.field) if own is None else _value_field(own, relation, where)
    options = _options(relation, own)
    metadata = {} if own is None else dict(own.metadata)
    if relation.is_reference:
        return _reference_field(value, relation.references[0], options, metadata)
    named = _key_schema(relation.by, value, where)
    if not relation.is_many:
        return RelatedKey(named, relation.by, attribute=relation.name, metadata=metadata, **options)
    length = validate.Length(max=bound.related.max_length)
    found = RelatedKeys(
        fields.Pluck(named, relation.by),
        attribute=relation.name,
        validate=[length, *(() if own is None else own.validators)],
        metadata={"uniqueItems": True, **metadata},
        **options,
    )
    found.is_sorted = not relation.is_ordered
    return found


def _options(relation: Relation, own: AnyField | None) -> dict[str, _Value]:
    """Return the arguments of a field: those of the user's field, or those that fit the model."""
    if own is not None:
        return {name: getattr(own, name) for name in _OPTIONS}
    if relation.is_many:
        return {}
    return {"required": not relation.is_nullable, "allow_none": relation.is_nullable}


def _reference_field(
    value: AnyField, attribute: str, options: Mapping[str, object], metadata: dict[str, _Value]
) -> AnyField:
    """Return the field of a reference as it is stored."""
    value.attribute, value.metadata = attribute, metadata
    value.load_default = missing
    for name, option in options.items():
        setattr(value, name, option)
    return value


def _value_field(own: AnyField, relation: Relation, where: str) -> AnyField:
    """Return the field of one value in a field of the user: in a list for a relation to many."""
    is_list = isinstance(own, fields.List)
    value: AnyField = own.inner if isinstance(own, fields.List) else own
    if isinstance(value, fields.Pluck):
        value = value.schema.fields[value.field_name]
    if is_list is not relation.is_many or isinstance(value, fields.Nested):
        kind = type(relation.field).__name__
        wanted = f"fields.List(fields.{kind}())" if relation.is_many else f"fields.{kind}()"
        raise DeclarationError(
            f"{where} must hold what names the rows of the relation {relation.name!r}: "
            f"{relation.by!r}. Write {wanted}, or remove {relation.name!r} from relations."
        )
    made = copy.copy(value)
    made.validators = [*made.validators, *relation.field.validators]
    return made


def _key_schema(by: str, value: AnyField, name: str) -> type[Schema]:
    value.required, value.allow_none, value.data_key, value.attribute = True, False, None, by
    value.name = by  # a field of the user's schema has the name of the relation by now
    value.dump_only = value.load_only = False
    value.load_default = missing
    meta = type("Meta", (Schema.Meta,), {"register": False, "unknown": RAISE})
    return type(f"{name}Key", (Schema,), {by: value, "Meta": meta, "__module__": __name__})
