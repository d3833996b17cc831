"""Copies of schema classes without the fields that a caller may not read or write."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from marshmallow import Schema, fields, missing, post_dump

from .mask_plans import Change, MaskedField, MaskLevel, Plan, plan_of
from .own_behavior import hooks_of
from .unions import OneOf, is_union, is_union_schema
from .wire_format import wire_name

__all__ = ["mask_defaults", "masked", "masked_schema"]

T = TypeVar("T")


def masked(declared: T, level: MaskLevel) -> T:
    """Return a declaration of schemas, a class, a union or an instance, without hidden fields."""
    return cast("T", _masked(declared, level))


def _masked(declared: object, level: MaskLevel) -> object:
    if isinstance(declared, type) and issubclass(declared, Schema):
        return masked_schema(declared, level)
    if is_union(declared):
        given: tuple[type[Schema], ...] = getattr(
            declared, "alternatives", getattr(declared, "__args__", ())
        )
        return OneOf(*(masked(each, level) for each in given))
    if isinstance(declared, Schema):
        return _masked_instance(declared, level)
    if isinstance(declared, Mapping):
        return masked_schema(Schema.from_dict(dict(declared)), level)
    return declared


def masked_schema(declared: type[Schema], level: MaskLevel) -> type[Schema]:
    """Return a schema class without hidden fields, or the class itself if it has none.

    A field that is hidden from readers is ``load_only``, one that is hidden from writers
    ``dump_only``; one that is hidden from both is left out.
    """
    try:
        schema = declared()
    except Exception:  # noqa: BLE001  # who binds the schema says why it cannot be instantiated
        return declared
    plan = plan_of(schema, level)
    return declared if plan is None else _made(plan)


def _masked_instance(schema: Schema, level: MaskLevel) -> Schema:
    found = masked_schema(type(schema), level)
    return schema if found is type(schema) else _instance_like(found, schema)


def _instance_like(made: type[Schema], schema: Schema) -> Schema:
    """Return an instance with the options of another one, as far as fields are left."""
    known = made().fields
    exclude = [name for name in schema.exclude if name in known]
    only: list[str] | None = None
    if schema.only is not None:
        only = [name for name in schema.only if name in known]
    return made(only=only, exclude=exclude, many=bool(schema.many), partial=schema.partial)


def mask_defaults(declared: type[Schema]) -> Mapping[str, object]:
    """Return the defaults of the attributes that a masked schema class leaves out of bodies."""
    found: Mapping[str, object] = getattr(declared.Meta, "mask_defaults", {})
    return {name: _value(each) for name, each in found.items()}


def _value(default: object) -> object:
    return default() if callable(default) else default


# classes


@cache  # one class for each plan, so that a document has one component
def _made(plan: Plan) -> type[Schema]:
    return _build(plan, ())


_Holder = list[type[Schema]]


def _build(plan: Plan, around: tuple[_Holder, ...]) -> type[Schema]:
    declared = plan.declared
    holder: _Holder = []
    known = declared().fields
    members: dict[str, object] = {
        each.name: _changed(known[each.name], each, (*around, holder))
        for each in plan.changes
        if each.kind != "drop"
    }
    if plan.alternatives:
        members["alternatives"] = _alternatives(plan, around)
    unread = frozenset(_unread(plan, known))
    if unread and hooks_of(declared()).get("post_dump"):
        members["zzz_restkit_mask"] = _without(unread)
    members |= {
        "Meta": type("Meta", (declared.Meta,), _options(plan, known)),
        "__doc__": declared.__doc__,
        "__module__": declared.__module__,
        "__qualname__": declared.__qualname__,
    }
    made = cast("type[Schema]", type(declared.__name__, (declared,), members))
    holder.append(made)
    return made


def _unread(plan: Plan, known: Mapping[str, MaskedField]) -> Iterator[str]:
    """Yield the names in content of the fields that are no longer dumped."""
    for each in plan.changes:
        field = known[each.name]
        if each.kind in ("drop", "load_only") and not field.load_only:
            yield wire_name(each.name, field)


def _options(plan: Plan, known: Mapping[str, MaskedField]) -> dict[str, object]:
    """Return the options of a masked schema class."""
    meta: type = plan.declared.Meta
    found: dict[str, object] = {"register": False}
    dropped = [each.name for each in plan.changes if each.kind == "drop"]
    if dropped:
        found["exclude"] = (*getattr(meta, "exclude", ()), *dropped)
    if defaults := dict(_defaults(plan, known)):
        found["mask_defaults"] = {**getattr(meta, "mask_defaults", {}), **defaults}
    if partial := [each.name for each in plan.changes if each.kind == "optional"]:
        found["optional"] = (*getattr(meta, "optional", ()), *partial)
    return found


def _alternatives(plan: Plan, around: tuple[_Holder, ...]) -> tuple[Schema, ...]:
    given = cast("tuple[Schema, ...]", getattr(plan.declared, "alternatives", ()))
    found: list[Schema] = []
    for each, own in zip(given, plan.alternatives, strict=True):
        found.append(each if own is None else _instance_like(_build(own, around), each))
    return tuple(found)


def _defaults(plan: Plan, known: Mapping[str, MaskedField]) -> Iterator[tuple[str, object]]:
    """Yield the defaults of attributes that bodies no longer have."""
    for change in plan.changes:
        field = known[change.name]
        is_closed = change.kind in ("drop", "dump_only") and not field.dump_only
        if is_closed and field.load_default is not missing:
            yield field.attribute or change.name, field.load_default


def _without(names: frozenset[str]) -> Callable[..., object]:
    """Return a hook that removes the hidden fields that other hooks have added."""

    # Hooks run in the order of their names.
    @post_dump
    def zzz_restkit_mask(self: Schema, data: object, **_: object) -> object:
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if name not in names}
        return data

    return cast("Callable[..., object]", zzz_restkit_mask)


def _changed(field: MaskedField, change: Change, around: tuple[_Holder, ...]) -> MaskedField:
    made = copy.copy(field)
    made.validators = list(field.validators)
    if change.kind == "load_only":
        made.load_only = True
    elif change.kind == "dump_only":
        made.dump_only, made.required, made.load_default = True, False, missing
    elif change.text:
        text = f"{made.metadata.get('description', '')} {change.text}".strip()
        made.metadata = {**made.metadata, "description": text}
    if change.below is not None:
        _nest(made, change.below, around)
    return made


def _nest(field: MaskedField, below: Plan | int, around: tuple[_Holder, ...]) -> None:
    """Let a field nest a masked schema class."""
    outer: Any = field
    while isinstance(outer, (fields.List, fields.Mapping)):
        name = "inner" if isinstance(outer, fields.List) else "value_field"
        setattr(outer, name, copy.copy(getattr(outer, name)))
        outer = getattr(outer, name)
    schema: Schema = outer.schema
    if isinstance(below, int):
        holder = around[-1 - below]
        outer.nested = lambda: holder[0]
        known = set(schema.fields)
    else:
        outer.nested = _build(below, around)
        known = set(outer.nested().fields)
    if not is_union_schema(schema):
        outer.only = None if schema.only is None else tuple(known.intersection(schema.only))
        outer.exclude = tuple(known.intersection(schema.exclude))
    outer._schema = None
