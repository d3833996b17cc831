"""Convert validated mappings to the dataclass or attrs class that a method annotates.

When a resource is mounted, the fields of the schema are compared with the members of the class.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterator, Mapping

from marshmallow import INCLUDE, Schema, fields, missing
from marshmallow.decorators import POST_LOAD

from ..errors import DeclarationError
from ..schemas.bound import BoundSchema, View
from ..schemas.envelopes import content_of
from ..schemas.own_behavior import hooks_of, overrides_load
from ..schemas.unions import is_union_schema
from .signatures import item_of, unwrapped, without_none

__all__ = ["Shape", "shape_of"]

Shape = Callable[[object], object]
_Field = fields.Field[object]
_Made = dict[tuple[type, type[Schema]], Shape]
_NO_MAPPING = (int, float, str, bytes, bool, set, frozenset, tuple)
_SEQUENCES = (list, tuple, set, frozenset)


def shape_of(annotation: object, bound: BoundSchema, declared_at: str) -> Shape | None:
    """Make the conversion from the loaded value of a schema to a parameter's annotation.

    Args:
        annotation: The parameter's annotation.
        bound: The schema that loads.
        declared_at: The name of the parameter, for messages.

    Returns:
        The conversion, None if the annotation is not a dataclass or an attrs class.

    Raises:
        DeclarationError: The schema does not load the members that the class has.
    """
    _check_union(annotation, bound, declared_at)
    schema, is_list = content_of(bound.schema)
    if schema is None:
        return None
    many = bound.many or is_list
    target = unwrapped(without_none(unwrapped(annotation)))
    if many:
        target = unwrapped(item_of(target))
    elif item_of(target) is not None:
        raise DeclarationError(
            f"{declared_at} is annotated as a list, but its schema loads one item. Declare it with "
            "@takes(body=Schema(many=True)), or annotate it as one item."
        )
    _check_loaded(target, schema, declared_at)
    if not _is_shape(target):
        _check_class(target, schema, declared_at)
        return None
    if bound.view is View.PATCH:
        raise DeclarationError(
            f"{declared_at} is annotated as {target.__qualname__}, but PATCH passes a mapping of "
            "the members that were sent. Annotate it as dict[str, Any]."
        )
    make = _conversion(target, schema, declared_at, {})
    return _each(make) if many else make


def _check_union(annotation: object, bound: BoundSchema, declared_at: str) -> None:
    """Reject classes for the alternatives of a union, which are passed as mappings."""
    members = typing.get_args(annotation)
    if is_union_schema(bound.schema) and any(_is_shape(each) for each in (annotation, *members)):
        raise DeclarationError(
            f"{declared_at} is annotated as {annotation}, but a union of schemas loads mappings. "
            "Annotate it as dict[str, Any], or make the objects in post_load hooks."
        )


def _check_loaded(target: object, schema: Schema, declared_at: str) -> None:
    """Reject a schema as an annotation, and a class such as int that the schema cannot load."""
    if not isinstance(target, type):
        return
    if issubclass(target, Schema):
        raise DeclarationError(
            f"{declared_at} is annotated as {target.__qualname__}, which is a schema, not "
            "the value that it loads. Annotate it as dict[str, Any], or as a dataclass."
        )
    if target in _NO_MAPPING and not hooks_of(schema).get(POST_LOAD):
        raise DeclarationError(
            f"{declared_at} is annotated as {target.__name__}, but its schema loads a mapping. "
            "Annotate it as dict[str, Any], or as a dataclass."
        )


def _check_class(target: object, schema: Schema, declared_at: str) -> None:
    """Reject a class that the schema does not make: the parameter would be a dict.

    Raises:
        DeclarationError: The class is an ORM model or another class that is not a mapping.
    """
    if not isinstance(target, type) or target is typing.Any or _is_mapping(target):
        return
    if hooks_of(schema).get(POST_LOAD) or overrides_load(schema):
        return
    name = target.__qualname__
    kind = "an ORM model" if hasattr(target, "__mapper__") else "not a dataclass"
    raise DeclarationError(
        f"{declared_at} is annotated as {name}, {kind}, but {type(schema).__name__} loads a "
        f"mapping. Annotate it as dict[str, Any] and write {name}(**body), let a post_load of the "
        "schema make the object, or annotate it as a dataclass."
    )


def _is_mapping(target: type) -> bool:
    """Return whether a class annotates a mapping: dict, Mapping, a TypedDict, a protocol."""
    if typing.is_typeddict(target) or getattr(target, "_is_protocol", False):
        return True
    return issubclass(dict, target) or issubclass(target, Mapping)


def _is_shape(target: object) -> typing.TypeGuard[type]:
    return isinstance(target, type) and (
        dataclasses.is_dataclass(target) or hasattr(target, "__attrs_attrs__")
    )


def _each(make: Shape) -> Shape:
    """Return the conversion of a list, from the conversion of an item."""

    def make_each(values: object) -> object:
        if not isinstance(values, _SEQUENCES):
            return values  # null, or an object that the schema made
        return [make(value) for value in values]

    return make_each


class _Member(typing.NamedTuple):
    """A member of a dataclass or attrs class.

    Attributes:
        argument: The argument of ``__init__``.
        is_required: Whether the argument must be given.
    """

    argument: str
    is_required: bool


def _members(target: type) -> Iterator[tuple[str, _Member]]:
    """Yield the members of a dataclass or attrs class by the name of their attribute."""
    if dataclasses.is_dataclass(target):
        for each in dataclasses.fields(target):
            defaults = (each.default, each.default_factory)
            if each.init:
                is_required = all(default is dataclasses.MISSING for default in defaults)
                yield each.name, _Member(each.name, is_required)
        return
    for attribute in getattr(target, "__attrs_attrs__", ()):
        if attribute.init:
            alias = getattr(attribute, "alias", None) or attribute.name.lstrip("_")
            yield attribute.name, _Member(alias, repr(attribute.default) == "NOTHING")


def _conversion(target: type, schema: Schema, declared_at: str, made: _Made) -> Shape:
    """Make the conversion from the mapping that a schema loads to a class.

    Args:
        target: The class.
        schema: The schema.
        declared_at: The name of the parameter, for messages.
        made: The conversions made so far, since classes may nest each other recursively.
    """
    members = dict(_members(target))
    _check_members(target, schema, members, declared_at)
    arguments = {name: member.argument for name, member in members.items()}
    nested: dict[str, Shape] = {}

    def make(value: object) -> object:
        if not isinstance(value, Mapping):
            return value  # a post_load of the schema made its own object
        values: dict[str, object] = {}
        for name, each in value.items():
            values[arguments[name]] = nested[name](each) if name in nested else each
        return target(**values)

    made[target, type(schema)] = make
    hints = _hints(target)
    for name, field in schema.load_fields.items():
        attribute = field.attribute or name
        found = _nested(hints.get(attribute), field, declared_at, made)
        if found is not None:
            nested[attribute] = found
    return make


def _check_members(
    target: type, schema: Schema, members: Mapping[str, _Member], declared_at: str
) -> None:
    """Reject a schema whose loaded members are not those of the class."""
    schema_name, class_name = type(schema).__name__, target.__qualname__
    if schema.unknown == INCLUDE:
        raise DeclarationError(
            f"{declared_at}: {schema_name} includes unknown fields, which {class_name} has no "
            "members for. Annotate the parameter as dict[str, Any]."
        )
    loaded = _check_loaded_members(target, schema, members, declared_at)
    for attribute, member in members.items():
        if member.is_required and attribute not in loaded:
            raise DeclarationError(
                f"{declared_at}: {class_name} needs {attribute!r}, which {schema_name} does not "
                "load. Give it a default in the class."
            )


def _check_loaded_members(
    target: type, schema: Schema, members: Mapping[str, _Member], declared_at: str
) -> set[str]:
    """Return the members that a schema loads; reject those that the class cannot take."""
    schema_name, class_name = type(schema).__name__, target.__qualname__
    loaded: set[str] = set()
    for name, field in schema.load_fields.items():
        attribute = field.attribute or name
        member = members.get(attribute)
        if member is None:
            raise DeclarationError(
                f"{declared_at}: {schema_name} loads {attribute!r}, which {class_name} does not "
                "have. Add it to the class, or leave it out of the schema with exclude."
            )
        loaded.add(attribute)
        if member.is_required and not field.required and field.load_default is missing:
            raise DeclarationError(
                f"{declared_at}: {schema_name} may leave {attribute!r} out, but {class_name} has "
                "no default for it. Make the field required, or give one of them a default."
            )
    return loaded


def _hints(target: type) -> dict[str, object]:
    try:
        return typing.get_type_hints(target)
    except Exception:  # noqa: BLE001  # unresolvable annotations: nested values stay mappings
        return {}


def _nested(annotation: object, field: _Field, declared_at: str, made: _Made) -> Shape | None:
    """Return the conversion of one nested attribute, None if its value stays as loaded."""
    annotation, nested, many = _item_field(without_none(annotation), field)
    if not isinstance(nested, fields.Nested) or isinstance(nested, fields.Pluck):
        return None
    if not _is_shape(annotation):
        return None
    schema = nested.schema
    make = made.get((annotation, type(schema)))
    if make is None:
        make = _conversion(annotation, schema, declared_at, made)
    return _each(make) if many else make


def _item_field(annotation: object, field: _Field) -> tuple[object, _Field, bool]:
    """Return the annotation and field of one item, and whether there are many."""
    if isinstance(field, fields.List):
        return item_of(annotation), field.inner, True
    if isinstance(field, fields.Nested) and (field.many or field.schema.many):
        return item_of(annotation), field, True
    return annotation, field, False
