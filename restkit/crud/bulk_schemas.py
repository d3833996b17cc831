"""The schemas of bulk requests."""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from marshmallow import RAISE, Schema, fields, missing, post_load, validate

from ..errors import DeclarationError
from ..operations.operation_ids import stem
from .binding import Binding
from .bulk_upsert import Upserting
from .kinds import kinds_schema
from .polymorphic_binding import PolymorphicBinding
from .store import AnyField
from .wire_names import wire_name

__all__ = ["CONDITION", "Change", "bulk_schemas", "key_names"]

_Pair = tuple[type[Schema], type[Schema]]
CONDITION = "if_match"
"""The member of a change with the entity tag that its item must have."""


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one item: its key, the entity tag that it must have, and a merge patch."""

    key: Any
    tag: str | None
    patch: dict[str, object]


_known: WeakKeyDictionary[type, dict[tuple[object, ...], _Pair]] = WeakKeyDictionary()


def bulk_schemas(
    binding: Binding,
    name: str,
    wanted: Collection[str],
    most: int,
    upserting: Upserting | None = None,
) -> _Pair:
    """Return the schemas of the request body and of the response.

    Args:
        binding: The binding of the collection.
        name: The name of the collection, which the names of the schemas begin with.
        wanted: The methods of the collection, which decide the lists of a bulk request.
        most: The maximum length of each list.
        upserting: The declared upserts.

    Raises:
        DeclarationError: There is nothing to do in bulk, or a name is taken.
    """
    # A class that is mounted on several URLs has one pair, which is one component of the document.
    known = _known.setdefault(binding.views.declared, {})
    bodies = (binding.create_views.declared, binding.update_views.declared)
    upserted = None if upserting is None else upserting.attribute
    key = (binding.views.answered, *bodies, name, frozenset(wanted), most, upserted)
    if key not in known:
        known[key] = _bulk_schemas(binding, name, wanted, most, upserting)
    return known[key]


def _bulk_schemas(
    binding: Binding,
    name: str,
    wanted: Collection[str],
    most: int,
    upserting: Upserting | None,
) -> _Pair:
    declared = binding.views.declared
    created = binding.create_views.declared
    answered = binding.views.answered
    length = validate.Length(max=most)
    sent: dict[str, object] = {}
    result: dict[str, object] = {}
    if "POST" in wanted:
        sent["create"] = fields.List(fields.Nested(created), validate=length)
        result["created"] = fields.List(fields.Nested(answered), required=True)
    if "PATCH" in wanted:
        sent["update"] = fields.List(fields.Nested(_changes_schema(binding, name)), validate=length)
        result["updated"] = fields.List(fields.Nested(answered), required=True)
    if upserting is not None:
        item = fields.Nested(upserting.sent(binding, name))
        sent["upsert"] = fields.List(item, validate=length)
        stored = fields.Nested(upserting.result(binding, name))
        result["upserted"] = fields.List(stored, required=True)
    if "DELETE" in wanted:
        keys = _keys_field(binding, name)
        sent["delete"] = fields.List(keys, validate=length)
        result["deleted"] = fields.List(keys, required=True)
    if not sent:
        raise DeclarationError(
            f"{binding.declared_at} has bulk = True, but none of the methods POST, PATCH and "
            "DELETE. Add one of them to methods, or remove bulk."
        )
    return (
        _schema_class(f"{name}BulkSchema", declared, sent),
        _schema_class(f"{name}BulkResultSchema", declared, result),
    )


def _schema_class(name: str, declared: type[Schema], members: dict[str, object]) -> type[Schema]:
    meta = type("Meta", (Schema.Meta,), {"unknown": RAISE, "register": False})
    return type(name, (Schema,), {**members, "Meta": meta, "__module__": declared.__module__})


def _key_field(binding: Binding, name: str) -> AnyField:
    """Return the field of an attribute of the key."""
    attribute = binding.store.attributes[name]
    made = copy.copy(attribute.field)
    made.validators = [*made.validators, *attribute.bounds]
    made.load_default = made.dump_default = missing
    return made


def _keys_field(binding: Binding, collection: str) -> AnyField:
    """Return the field of whole keys: a value, or an object of several, loaded as a tuple."""
    names = binding.key.names
    if not binding.key.is_composite:
        return _key_field(binding, names[0])
    members: dict[str, object] = {}
    for name, called in zip(names, key_names(binding), strict=True):
        field = _key_field(binding, name)
        field.data_key, field.required = called, True
        members[name] = field

    def in_order(self: Schema, data: dict[str, object], **_: object) -> object:
        return binding.key.in_path(data)

    members["in_order"] = post_load(in_order)
    return fields.Nested(_schema_class(f"{collection}KeySchema", binding.views.declared, members))


def key_names(binding: Binding) -> tuple[str, ...]:
    """Return the names of the attributes of the key in request bodies."""
    known = binding.views.attribute_fields()
    return tuple(wire_name(name, known) for name in binding.key.names)


def _changes_schema(binding: Binding, collection: str) -> type[Schema]:
    """Return the schema of a change of an item of any kind."""
    if not isinstance(binding, PolymorphicBinding):
        return _change_schema(binding, collection)
    kinds = {
        kind: _change_schema(each, collection + stem(each.views.declared))
        for kind, each in binding.kinds.items()
    }
    return kinds_schema(f"{collection}BulkChangeSchema", kinds, "", "")


def _change_schema(binding: Binding, collection: str) -> type[Schema]:
    """Return the schema of a change: the item's key, a condition, the members of a merge patch."""
    names = key_names(binding)
    views = binding.update_views
    members: dict[str, object] = {}
    for attribute, called in views.written.items():
        made = copy.copy(views.attribute_fields()[attribute])
        made.required, made.load_default = False, missing
        made.data_key, made.attribute = called, None
        members[attribute] = made
    for attribute in binding.key.names:
        members.pop(attribute, None)
    if CONDITION in (*names, *views.written.values()):
        raise DeclarationError(
            f"{binding.declared_at}: the field name {CONDITION!r} means the entity tag in bulk "
            "requests. Rename the field with data_key=..., or remove bulk."
        )
    keys = {f"_key_{each}": _key_field(binding, each) for each in binding.key.names}
    for key, called in zip(keys.values(), names, strict=True):
        key.data_key, key.required = called, True
    key_in = itemgetter(*keys)
    description = "The ETag of the item, which must not have changed."
    tag = fields.Str(
        data_key=CONDITION, validate=validate.Length(1, 200), metadata={"description": description}
    )

    def change(self: Schema, data: Any, original: Any, **_: Any) -> Change:
        patch = {each: value for each, value in original.items() if each not in (*names, CONDITION)}
        return Change(key_in(data), data.get("_tag"), patch)

    members.update(keys, _tag=tag, change=post_load(change, pass_original=True))
    return _schema_class(f"{collection}BulkChangeSchema", views.declared, members)
