"""Unions of schemas: ``CatSchema | DogSchema``, and schemas with ``type_schemas``."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from marshmallow import Schema, ValidationError, fields, missing, validate

from ..errors import DeclarationError
from ..records import Record
from .wire_format import wire_name

__all__ = [
    "Alternative",
    "OneOf",
    "UnionSchema",
    "alternatives_of",
    "common_fields",
    "is_union",
    "is_union_schema",
    "tag_of",
    "union_of",
]

_Data = Any
_Alternatives = Sequence["type[Schema] | Schema"]


class OneOf:
    """Several schemas, one of which a value fits.

    ``OneOf(CatSchema, DogSchema)`` is ``CatSchema | DogSchema``; alternatives may be instances.
    If all have a field of one name with one constant value each (`fields.Constant`,
    `validate.Equal`), that field is the discriminator.
    """

    __slots__ = ("alternatives",)

    def __init__(self, *alternatives: type[Schema] | Schema) -> None:
        """Take the alternatives, the first one that fits wins."""
        self.alternatives: _Alternatives = alternatives


class Alternative(Record):
    """One schema of a union.

    Attributes:
        schema: The schema, as a document shows it.
        tag: The value of the discriminator, ``""`` if there is none.
    """

    schema: Schema
    tag: str


class UnionSchema(Schema):
    """A schema whose data is that of one of several schemas."""

    alternatives: tuple[Schema, ...] = ()
    discriminator: str = ""

    class Meta:
        """Options: the class is not found by its name."""

        register = False

    def load(self, data: _Data, *, many: bool | None = None, **options: _Data) -> _Data:
        """Load each item with the alternative that its discriminator names, or the first that fits.

        Raises:
            ValidationError: No alternative fits.
        """
        partial = options.get("partial")
        if not (self.many if many is None else many):
            return self._load_one(data, partial)
        if not isinstance(data, list):
            raise ValidationError([self.error_messages["type"]])
        return _each(data, lambda item: self._load_one(item, partial))

    def _load_one(self, data: _Data, partial: _Data) -> _Data:
        if not isinstance(data, Mapping):
            raise ValidationError([self.error_messages["type"]])
        if self.discriminator:
            return self._tagged(data).load(data, partial=partial)
        errors: list[ValidationError] = []
        for each in self.alternatives:
            try:
                return each.load(data, partial=partial)
            except ValidationError as error:
                errors.append(error)
        raise min(errors, key=lambda error: len(error.messages))

    def _tagged(self, data: Mapping[str, _Data]) -> Schema:
        value = data.get(self.discriminator)
        for each in self.alternatives:
            if type(value) is str and value == tag_of(each, self.discriminator):
                return each
        raise ValidationError({self.discriminator: [_tag_message(self, value)]})

    def dump(self, obj: _Data, *, many: bool | None = None) -> _Data:
        """Dump each value with the alternative whose attributes it has."""
        if self.many if many is None else many:
            return [self._choose(each).dump(each) for each in obj]
        return self._choose(obj).dump(obj)

    def _choose(self, value: _Data) -> Schema:
        if self.discriminator:
            for each in self.alternatives:
                name = _attribute_of(each, self.discriminator)
                if each.get_attribute(value, name, missing) == tag_of(each, self.discriminator):
                    return each
        return max(self.alternatives, key=lambda each: _fit(each, value))


def _tag_message(schema: UnionSchema, value: object) -> str:
    if value is None:
        return "Missing data for required field."
    tags = (tag_of(each, schema.discriminator) for each in schema.alternatives)
    return f"Must be one of: {', '.join(tags)}."


def _each(items: list[_Data], load: Callable[[_Data], _Data]) -> list[_Data]:
    """Load the items of a list; the errors of all are raised together."""
    out: list[_Data] = []
    errors: dict[_Data, _Data] = {}
    for index, item in enumerate(items):
        try:
            out.append(load(item))
        except ValidationError as error:
            errors[index] = error.messages
    if errors:
        raise ValidationError(errors)
    return out


def _fit(schema: Schema, value: _Data) -> tuple[bool, int]:
    """Return whether a value has all attributes that a schema needs, and how many it has."""
    found, lacking = 0, 0
    for name, field in schema.dump_fields.items():
        if not field._CHECK_ATTRIBUTE:  # NOTE: marshmallow's word for a field that reads nothing
            continue
        if schema.get_attribute(value, field.attribute or name, missing) is not missing:
            found += 1
        elif field.required:
            lacking += 1
    return not lacking, found


def _attribute_of(schema: Schema, wire: str) -> str:
    for name, field in schema.fields.items():
        if wire_name(name, field) == wire:
            return field.attribute or name
    return wire


def tag_of(schema: Schema, wire: str) -> str:
    """Return the one text that a field takes, ``""`` if it takes others or is missing."""
    for name, field in schema.fields.items():
        if wire_name(name, field) == wire:
            values = set(_constants(field))
            value = values.pop() if len(values) == 1 else ""
            return value if isinstance(value, str) else ""
    return ""


def _constants(field: fields.Field[_Data]) -> Iterator[object]:
    if isinstance(field, fields.Constant):
        yield field.constant
    for each in field.validators:
        if isinstance(each, validate.Equal):
            yield each.comparable
        elif isinstance(each, validate.OneOf) and len(list(each.choices)) == 1:
            yield from each.choices


def is_union(declared: object) -> bool:
    """Return whether a declaration is a union of schemas."""
    return isinstance(declared, (OneOf, types.UnionType))


def is_union_schema(schema: Schema) -> TypeGuard[UnionSchema]:
    """Return whether a schema is that of a union.

    PERF: schema classes are ABCs: ``isinstance`` would ask the class of every union about every
    other schema class of the program, and keep each answer.
    """
    return UnionSchema in type(schema).__mro__


def union_of(declared: object, declared_at: str) -> UnionSchema:
    """Make the schema of a union.

    Raises:
        DeclarationError: An alternative is not a schema, or there is only one.
    """
    found = declared.alternatives if isinstance(declared, OneOf) else typing.get_args(declared)
    alternatives: list[Schema] = []
    for each in found:
        if isinstance(each, type) and issubclass(each, Schema):
            alternatives.append(each())
        elif isinstance(each, Schema) and not each.many:
            alternatives.append(each)
        else:
            raise DeclarationError(
                f"{declared_at}: {each!r} is not an alternative of a union. Give Schema classes, "
                "or instances without many=True."
            )
    if len(alternatives) < 2:
        raise DeclarationError(f"{declared_at}: a union has two schemas at least.")
    name = " | ".join(type(each).__name__ for each in alternatives)
    members = {
        "alternatives": tuple(alternatives),
        "discriminator": _discriminator(alternatives),
        "__module__": __name__,
    }
    made: type[UnionSchema] = type(name, (UnionSchema,), members)
    return made()


def _discriminator(alternatives: Sequence[Schema]) -> str:
    """Return the name of the first field that has another constant in each alternative."""
    for name, field in alternatives[0].fields.items():
        wire = wire_name(name, field)
        tags = {tag_of(each, wire) for each in alternatives}
        if len(tags) == len(alternatives) and "" not in tags:
            return wire
    return ""


def alternatives_of(schema: Schema) -> tuple[str, tuple[Alternative, ...]]:
    """Return the discriminator of a union (``""`` if it has none) and its alternatives.

    A schema with ``type_field`` and ``type_schemas`` is one, as that of marshmallow-oneofschema is.
    """
    if is_union_schema(schema):
        wire = schema.discriminator
        return wire, tuple(Alternative(each, tag_of(each, wire)) for each in schema.alternatives)
    known = getattr(schema, "type_schemas", None)
    tag_field = getattr(schema, "type_field", None)
    if not (isinstance(known, Mapping) and isinstance(tag_field, str) and known):
        return "", ()
    return tag_field, tuple(
        Alternative(_tagged_copy(type(schema), each, tag_field, str(tag), schema.unknown), str(tag))
        for tag, each in known.items()
    )


def common_fields(schema: Schema) -> Mapping[str, fields.Field[_Data]]:
    """Return the fields that all alternatives of a union dump, none for other schemas."""
    if not is_union_schema(schema):
        return {}
    first, *others = schema.alternatives
    shared = set(first.dump_fields).intersection(*(each.dump_fields for each in others))
    return {name: first.dump_fields[name] for name in first.dump_fields if name in shared}


def _tagged_copy(
    union: type[Schema], declared: type[Schema] | Schema, tag_field: str, tag: str, unknown: _Data
) -> Schema:
    """Return an alternative with the field that the union adds, for the document."""
    kind = declared if isinstance(declared, type) else type(declared)
    variant = _variant(union, kind, tag_field, tag)
    if isinstance(declared, type):
        made = variant()
    else:
        only = None if declared.only is None else {*declared.only, tag_field}
        made = variant(only=only, exclude=tuple(set(declared.exclude)))
    made.unknown = unknown
    return made


@functools.lru_cache(maxsize=1024)
def _variant(union: type[Schema], kind: type[Schema], tag_field: str, tag: str) -> type[Schema]:
    meta = type("Meta", (kind.Meta,), {"register": False, "always_required": (tag_field,)})
    field = fields.Str(required=True, validate=validate.Equal(tag))
    stems = (each.__name__.removesuffix("Schema") for each in (union, kind))
    members = {
        tag_field: field,
        "Meta": meta,
        "__module__": kind.__module__,
        "__doc__": kind.__doc__,
    }
    return type(f"{''.join(stems)}Schema", (kind,), members)
