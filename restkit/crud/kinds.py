"""Kinds of items: subclasses of a model in one collection, each with a schema of its own."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from typing import ClassVar, Protocol, cast, runtime_checkable

from marshmallow import Schema, ValidationError, fields, missing, validate

from ..compiler import compile_schema
from ..errors import DeclarationError
from ..resource import Schemas
from ..schemas.unions import OneOf, UnionSchema, alternatives_of, is_union, tag_of, union_of
from ..schemas.wire_format import wire_name
from .expansions import Expand
from .store import AnyField, AnyStore, Attribute

__all__ = [
    "KindsSchema",
    "Polymorphic",
    "declared_kinds",
    "declares_kinds",
    "expansions_with",
    "kind_schema",
    "kinds_schema",
    "way_to",
]


@runtime_checkable
class Polymorphic(Protocol):
    """The optional ability of a store to hold items of several subclasses of its model.

    Attributes:
        discriminator: The attribute that names the kind of an item.
        attributes: The attributes of the model by name.
        kinds: The store of each kind, by the text that names the kind; empty for one class.
    """

    @property
    def discriminator(self) -> str:
        """The attribute that names the kind of an item."""
        ...

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """The attributes of the model by name."""
        ...

    @property
    def kinds(self) -> Mapping[str, AnyStore]:
        """The store of each kind."""
        ...

    def kind_of(self, item: object, /) -> str:
        """Return the kind of an item, ``""`` if the collection does not have it."""
        ...


class KindsSchema(UnionSchema):
    """A schema of content whose discriminator names the kind of an item.

    Attributes:
        attribute: The name of the kind in the loaded mapping.
        is_compiled: Whether the schemas of the kinds are compiled.
    """

    attribute: ClassVar[str] = ""
    is_compiled: ClassVar[bool] = True

    def _load_one(self, data: object, partial: bool | None) -> object:
        if not isinstance(data, Mapping):
            raise ValidationError([self.error_messages["type"]])
        found = self._tagged(data)
        loader = compile_schema(found) if self.is_compiled else found
        loaded: object = loader.load(data, many=False, partial=partial)
        if not isinstance(loaded, dict):
            return loaded
        loaded.pop(_attribute_of(found, self.discriminator), None)
        return {**loaded, self.attribute: tag_of(found, self.discriminator)}


def _attribute_of(schema: Schema, wire: str) -> str:
    for name, field in schema.fields.items():
        if wire_name(name, field) == wire:
            return field.attribute or name
    return wire


def kinds_schema(
    name: str,
    alternatives: Mapping[str, type[Schema]],
    wire: str,
    attribute: str,
    *,
    is_compiled: bool = True,
) -> type[Schema]:
    """Return the schema class of content of any kind.

    Args:
        name: The name of the class.
        alternatives: The schema class of each kind.
        wire: The discriminator's name in content; ``""`` if content need not have it.
        attribute: The name of the kind in the loaded mapping.
        is_compiled: Whether the schemas of the kinds are compiled.
    """
    return _kinds_schema(name, tuple(alternatives.values()), wire, attribute, is_compiled)


@cache  # a class that is mounted on several URLs has one component
def _kinds_schema(
    name: str, alternatives: tuple[type[Schema], ...], wire: str, attribute: str, is_compiled: bool
) -> type[Schema]:
    members = {
        "alternatives": tuple(each() for each in alternatives),
        "discriminator": wire,
        "attribute": attribute,
        "is_compiled": is_compiled,
        "__module__": alternatives[0].__module__,
    }
    base = KindsSchema if wire else UnionSchema
    return cast("type[Schema]", type(name, (base,), members))


@cache
def kind_schema(
    derived: type[Schema], names: tuple[str, str], attribute: str, kind: str, *, is_text: bool
) -> type[Schema]:
    """Return a derived schema class whose discriminator is one kind.

    Args:
        derived: The schema class of the kind's model.
        names: The stem of the class's name, and that of the union, which distinguishes its
            component from that of another class of its name.
        attribute: The attribute that names the kind, which is the name of the field too.
        kind: The text that names the kind.
        is_text: Whether items have the attribute with this text.
    """
    field: AnyField = fields.Str(required=True, validate=validate.Equal(kind))
    if not is_text:
        field = fields.Constant(kind)
        field.required, field.load_default, field.dump_default = True, missing, missing
    meta = type("Meta", (derived.Meta,), {"register": False, "component_prefix": names[1]})
    members = {"Meta": meta, "__module__": derived.__module__, "__doc__": derived.__doc__}
    known = derived().fields.get(attribute)
    if known is not None:
        field.metadata = copy.copy(known.metadata)
    return cast(
        "type[Schema]", type(f"{names[0]}Schema", (derived,), {**members, attribute: field})
    )


def declares_kinds(schema: object) -> bool:
    """Return whether a class declares a schema for each kind."""
    given = schema.item if isinstance(schema, Schemas) else schema
    if isinstance(given, type) and issubclass(given, Schema):
        return bool(getattr(given, "type_schemas", None))
    return is_union(given)


def declared_kinds(
    schema: object, declared_at: str, known: Mapping[str, AnyStore], *, is_read: bool
) -> tuple[str, dict[str, type[Schema]]]:
    """Return the discriminator's name in content, and the schema class of each kind.

    Args:
        schema: A union: ``CarSchema | TruckSchema``, or a class with ``type_schemas``.
        declared_at: Where it is declared, for messages.
        known: The kinds of the store.
        is_read: Whether the union is that of a response.

    Raises:
        DeclarationError: The union has no discriminator, or another one than the store.
    """
    union = union_of(schema, declared_at) if is_union(schema) else _instance(schema, declared_at)
    wire, alternatives = alternatives_of(union)
    if not wire:
        raise DeclarationError(
            f"{declared_at}: nothing tells the schemas of the union apart. Give each a field of "
            'one name with its kind: kind = fields.Str(required=True, validate=Equal("car")).'
        )
    found = {each.tag: type(each.schema) for each in alternatives}
    strange = sorted(found.keys() - known.keys())
    lacking = sorted(known.keys() - found.keys())
    if strange:
        raise DeclarationError(
            f"{declared_at}: {found[strange[0]].__name__} is for {wire} = {strange[0]!r}, which is "
            f"no kind of the model. Its kinds are {', '.join(sorted(known))}."
        )
    if lacking:
        model = known[lacking[0]].model.__qualname__
        raise DeclarationError(
            f"{declared_at}: the union has no schema for the kind {lacking[0]!r} ({model}), which "
            f"items of the collection may have. Add one whose {wire} is {lacking[0]!r}."
        )
    if is_read:
        _check_dumped(wire, found, declared_at, known)
    return wire, found


def _check_dumped(
    wire: str, schemas: Mapping[str, type[Schema]], declared_at: str, known: Mapping[str, AnyStore]
) -> None:
    """Reject schemas of responses whose discriminator reads an attribute that items lack.

    Args:
        wire: The discriminator's name in content.
        schemas: The schema class of each kind.
        declared_at: Where they are declared, for messages.
        known: The kinds of the store.

    Raises:
        DeclarationError: The items of a kind have no such attribute.
    """
    for kind, declared in schemas.items():
        for name, field in declared().dump_fields.items():
            reads = field._CHECK_ATTRIBUTE and field.dump_default is missing
            if wire_name(name, field) != wire or not reads:
                continue
            store, attribute = known[kind], field.attribute or name
            if attribute not in store.attributes and not hasattr(store.model, attribute):
                raise DeclarationError(
                    f"{declared_at}: {declared.__name__}.{name} reads the attribute {attribute!r}, "
                    f"which {store.model.__qualname__} does not have. Write fields.Constant("
                    f"{kind!r}, required=True), or name the attribute with attribute=."
                )


def _instance(schema: object, declared_at: str) -> Schema:
    if isinstance(schema, type) and issubclass(schema, Schema):
        return schema()
    raise DeclarationError(
        f"{declared_at}: {schema!r} does not say the schema of each kind. Give a union, such as "
        f"{OneOf.__name__}(CarSchema, TruckSchema)."
    )


def expansions_with(store: AnyStore, expand: Mapping[str, Expand]) -> dict[str, Expand]:
    """Return those of some relations that the model of a store has."""
    return {name: how for name, how in expand.items() if _has_relation(store, name)}


def _has_relation(store: AnyStore, name: str) -> bool:
    try:
        store.schema(way_to(name))
    except DeclarationError:
        return False
    return True


def way_to(name: str) -> tuple[str, ...]:
    """Return a path of relations, after the relation that it begins with."""
    return tuple(dict.fromkeys((name.partition(".")[0], name)))
