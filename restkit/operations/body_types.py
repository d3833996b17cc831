"""From a validated mapping to the class that a method's annotation names: a dataclass or an attrs class.

That each field of the schema has a place in the class, and the class a value for each of its own,
is checked when the resource is mounted.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marshmallow import INCLUDE, Schema, fields, missing
from marshmallow.decorators import POST_LOAD

from ..errors import DeclarationError
from ..schemas.bound import BoundSchema, View
from ..schemas.own_behavior import hooks_of, overrides_load
from ..schemas.unions import UnionSchema
from .signatures import item_of

__all__ = ["shape_of"]

Shape = Callable[[Any], Any]
_NO_MAPPING = (int, float, str, bytes, bool, set, frozenset, tuple)


def shape_of(annotation: Any, bound: BoundSchema, declared_at: str) -> Shape | None:
    """Make the conversion from what a schema loads to what a parameter's annotation names.

    Args:
        annotation: The parameter's annotation.
        bound: The schema that loads.
        declared_at: Where the parameter stands, for messages.

    Returns:
        The conversion, None where the annotation is not a dataclass or an attrs class.

    Raises:
        DeclarationError: The class and the schema do not fit.
    """
    _check_union(annotation, bound, declared_at)
    target = _without_none(annotation)
    if bound.many:
        target = item_of(target)
    elif item_of(target) is not None:
        raise DeclarationError(
            f"{declared_at} is annotated as many, but its schema is of one; declare it with Schema(many=True) in @takes."
        )
    if isinstance(target, type) and issubclass(target, Schema):
        raise DeclarationError(
            f"{declared_at} is annotated as {target.__qualname__}, which is a schema, not what it loads; annotate it as "
            "dict[str, Any], or as a dataclass."
        )
    if target in _NO_MAPPING and not hooks_of(bound.schema).get(POST_LOAD):
        raise DeclarationError(
            f"{declared_at} is annotated as {target.__name__}, but its schema loads a mapping; annotate it as "
            "dict[str, Any], or as a dataclass."
        )
    if not _is_shape(target):
        _check_class(target, bound.schema, declared_at)
        return None
    if bound.view is View.PATCH:
        raise DeclarationError(
            f"{declared_at}: PATCH hands over a mapping of just what was sent; annotate it as dict[str, Any], "
            f"not as {target.__qualname__}."
        )
    make = _maker(target, bound.schema, declared_at, {})
    return _each(make) if bound.many else make


def _check_union(annotation: object, bound: BoundSchema, declared_at: str) -> None:
    """Reject classes for the alternatives of a union, which arrive as mappings."""
    members = typing.get_args(annotation)
    if isinstance(bound.schema, UnionSchema) and any(
        _is_shape(each) for each in (annotation, *members)
    ):
        raise DeclarationError(
            f"{declared_at} is annotated as {annotation}, but a union of schemas loads mappings; "
            "annotate it as dict[str, Any], or make the objects in post_load hooks."
        )


def _check_class(target: object, schema: Schema, declared_at: str) -> None:
    """Reject a class that the schema does not make: the parameter would be a dict.

    Raises:
        DeclarationError: The class is an ORM model, or another one that is no mapping.
    """
    if not isinstance(target, type) or target is Any or _is_mapping(target):
        return
    if hooks_of(schema).get(POST_LOAD) or overrides_load(schema):
        return
    name = target.__qualname__
    kind = "an ORM model" if hasattr(target, "__mapper__") else "no dataclass"
    raise DeclarationError(
        f"{declared_at} is annotated as {name}, {kind}, but {type(schema).__name__} loads a "
        f"mapping. Annotate it as dict[str, Any] and write {name}(**body), let a post_load of the "
        "schema make the object, or annotate it as a dataclass."
    )


def _is_mapping(target: type) -> bool:
    """Return whether a class may stand for a mapping: dict, Mapping, a TypedDict, a protocol."""
    if typing.is_typeddict(target) or getattr(target, "_is_protocol", False):
        return True
    return issubclass(dict, target) or issubclass(target, Mapping)


def _without_none(annotation: Any) -> Any:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [each for each in typing.get_args(annotation) if each is not type(None)]
        return members[0] if len(members) == 1 else None
    return annotation


def _is_shape(target: object) -> bool:
    return isinstance(target, type) and (
        dataclasses.is_dataclass(target) or hasattr(target, "__attrs_attrs__")
    )


def _each(make: Shape) -> Shape:
    return lambda values: [make(value) for value in values]


def _members(target: Any) -> Iterator[tuple[str, str, bool]]:
    """Yield (attribute, argument of __init__, whether it must be given) of a dataclass or attrs class."""
    if dataclasses.is_dataclass(target):
        for each in dataclasses.fields(target):
            if each.init:
                needed = (
                    each.default is dataclasses.MISSING
                    and each.default_factory is dataclasses.MISSING
                )
                yield each.name, each.name, needed
        return
    for attribute in target.__attrs_attrs__:
        if attribute.init:
            alias = getattr(attribute, "alias", None) or attribute.name.lstrip("_")
            yield attribute.name, alias, repr(attribute.default) == "NOTHING"


def _maker(target: Any, schema: Schema, declared_at: str, made: dict[Any, Shape]) -> Shape:
    known = {name: (argument, needed) for name, argument, needed in _members(target)}
    hints = _hints(target, declared_at)
    arguments = {name: argument for name, (argument, _) in known.items()}
    inner: dict[str, Shape] = {}
    if schema.unknown == INCLUDE:
        raise DeclarationError(
            f"{declared_at}: {type(schema).__name__} includes unknown fields, which {target.__qualname__} has no place for; "
            "annotate the parameter as dict[str, Any]."
        )

    def make(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value  # a post_load of the schema made its own object
        return target(
            **{
                arguments[name]: inner[name](each) if name in inner else each
                for name, each in value.items()
            }
        )

    made[target, type(schema)] = make
    for name, field in schema.load_fields.items():
        attribute = field.attribute or name
        if attribute not in known:
            raise DeclarationError(
                f"{declared_at}: {type(schema).__name__} loads {attribute!r}, which {target.__qualname__} does not have."
            )
        _, needed = known.pop(attribute)
        if needed and not field.required and field.load_default is missing:
            raise DeclarationError(
                f"{declared_at}: {type(schema).__name__} may leave {attribute!r} out, but {target.__qualname__} has no "
                "default for it; make the field required, or give one of them a default."
            )
        nested = _nested(hints.get(attribute), field, declared_at, made)
        if nested is not None:
            inner[attribute] = nested
    lacking = [name for name, (_, needed) in known.items() if needed]
    if lacking:
        raise DeclarationError(
            f"{declared_at}: {target.__qualname__} needs {lacking[0]!r}, which {type(schema).__name__} does not load; "
            "give it a default."
        )
    return make


def _hints(target: Any, declared_at: str) -> dict[str, Any]:
    try:
        return typing.get_type_hints(target)
    except Exception:  # noqa: BLE001  # an annotation that cannot be resolved may be any class's
        return {}


def _nested(
    annotation: Any, field: fields.Field[Any], declared_at: str, made: dict[Any, Shape]
) -> Shape | None:
    """Return the conversion of one attribute whose value is nested, None where it stays as it is."""
    annotation = _without_none(annotation)
    many = False
    if isinstance(field, fields.List):
        annotation, field, many = item_of(annotation), field.inner, True
    elif isinstance(field, fields.Nested) and (field.many or field.schema.many):
        annotation, many = item_of(annotation), True
    if (
        not isinstance(field, fields.Nested)
        or isinstance(field, fields.Pluck)
        or not _is_shape(annotation)
    ):
        return None
    make = made.get((annotation, type(field.schema))) or _maker(
        annotation, field.schema, declared_at, made
    )
    if many:
        return lambda values: values if values is None else [make(value) for value in values]
    return make
