"""The schemas of bulk requests."""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from marshmallow import RAISE, Schema, fields, missing, post_load, validate

from ..errors import DeclarationError
from ..operations.operation_ids import stem
from .binding import Binding
from .bulk_upsert import Upserting
from .kinds import kinds_schema
from .polymorphic_binding import PolymorphicBinding

__all__ = ["CONDITION", "Change", "bulk_schemas", "key_name"]

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
        wanted: The methods of the collection, which decide what a bulk request can do.
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
        sent["delete"] = fields.List(_key_field(binding), validate=length)
        result["deleted"] = fields.List(_key_field(binding), required=True)
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


def _key_field(binding: Binding) -> fields.Field[Any]:
    attribute = binding.store.attributes[binding.store.key]
    made = copy.copy(attribute.field)
    made.validators = [*made.validators, *attribute.bounds]
    made.load_default = made.dump_default = missing
    return made


def key_name(binding: Binding) -> str:
    """Return the name of the key attribute in request bodies."""
    key = binding.store.key
    field = binding.views.attribute_fields().get(key)
    return key if field is None else str(field.data_key or field.name)


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
    name = key_name(binding)
    views = binding.update_views
    members: dict[str, object] = {}
    for attribute, called in views.written.items():
        made = copy.copy(views.attribute_fields()[attribute])
        made.required, made.load_default = False, missing
        made.data_key, made.attribute = called, None
        members[attribute] = made
    members.pop(binding.store.key, None)
    if CONDITION in (name, *views.written.values()):
        raise DeclarationError(
            f"{binding.declared_at}: the field name {CONDITION!r} means the entity tag in bulk "
            "requests. Rename the field with data_key=..., or remove bulk."
        )
    key = _key_field(binding)
    key.data_key, key.required = name, True
    description = "The ETag of the item, which must not have changed."
    tag = fields.Str(
        data_key=CONDITION, validate=validate.Length(1, 200), metadata={"description": description}
    )

    def change(self: Schema, data: Any, original: Any, **_: Any) -> Change:
        patch = {each: value for each, value in original.items() if each not in (name, CONDITION)}
        return Change(data["_key"], data.get("_tag"), patch)

    members.update(_key=key, _tag=tag, change=post_load(change, pass_original=True))
    return _schema_class(f"{collection}BulkChangeSchema", views.declared, members)
