"""Start-up checks that the class of a return annotation has the fields of the schema."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable

from marshmallow import Schema, fields, missing

from ..errors import DeclarationError
from ..schemas.bound import BoundSchema
from ..schemas.own_behavior import hooks_of, overrides_dump
from .signatures import item_of, without_none

__all__ = ["check_returned"]

_Field = fields.Field[object]


def check_returned(annotation: object, bound: BoundSchema, declared_at: str) -> None:
    """Reject a schema with fields that the annotated class does not have: they would be left out.

    Args:
        annotation: The return annotation; ``tuple[Book, int]`` means ``Book``.
        bound: The schema of the response.
        declared_at: The name of the method, for messages.

    Raises:
        DeclarationError: A dataclass, an attrs class, a NamedTuple or a TypedDict lacks a field.
    """
    target = without_none(annotation)
    origin: object = typing.get_origin(target)
    if origin is tuple and not bound.many:
        members = typing.get_args(target)
        target = without_none(members[0]) if members else None
    if bound.many:
        target = item_of(target)
    _check(target, bound.schema, declared_at, set())


def _check(target: object, schema: Schema, declared_at: str, seen: set[object]) -> None:
    known = _members_of(target)
    if not isinstance(target, type) or known is None:
        return
    if (target, type(schema)) in seen or _reads_otherwise(schema):
        return
    seen.add((target, type(schema)))
    hints = _hints(target)
    for name, field in schema.dump_fields.items():
        attribute = (field.attribute or name).partition(".")[0]
        if attribute not in known and _is_read(field, schema) and not hasattr(target, attribute):
            raise DeclarationError(
                f"{declared_at} returns {target.__qualname__}, which has no {attribute!r}, but "
                f"{type(schema).__name__} has that field. Add it to the class, or leave it out of "
                "the schema with exclude."
            )
        _check_nested(hints.get(attribute), field, declared_at, seen)


def _check_nested(hint: object, field: _Field, declared_at: str, seen: set[object]) -> None:
    hint = without_none(hint)
    if isinstance(field, fields.List):
        hint, field = item_of(hint), field.inner
    elif isinstance(field, fields.Nested) and (field.many or field.schema.many):
        hint = item_of(hint)
    if isinstance(field, fields.Nested) and not isinstance(field, fields.Pluck):
        _check(hint, field.schema, declared_at, seen)


def _is_read(field: _Field, schema: Schema) -> bool:
    """Return whether dumping a field needs its attribute."""
    # NOTE: a private flag of marshmallow: Method and Constant fields read no attribute.
    reads = field._CHECK_ATTRIBUTE and field.dump_default is missing
    return reads and field.name not in getattr(schema.Meta, "optional", ())


def _reads_otherwise(schema: Schema) -> bool:
    return (
        bool(hooks_of(schema).get("pre_dump"))
        or overrides_dump(schema)
        or type(schema).get_attribute is not Schema.get_attribute
    )


def _members_of(target: object) -> frozenset[str] | None:
    """Return the attributes of a class that lists them, None for any other."""
    if not isinstance(target, type) or hasattr(target, "__getattr__"):
        return None
    if dataclasses.is_dataclass(target):
        names: Iterable[str] = (each.name for each in dataclasses.fields(target))
    elif hasattr(target, "__attrs_attrs__"):
        names = (each.name for each in target.__attrs_attrs__)
    elif typing.is_typeddict(target):
        names = getattr(target, "__annotations__", ())
    elif issubclass(target, tuple) and hasattr(target, "_fields"):
        names = getattr(target, "_fields", ())
    else:
        return None
    return frozenset(names) | _set_later(target)


def _set_later(target: type) -> frozenset[str]:
    """Return the names that hooks of the constructor, such as ``__post_init__``, may set."""
    later = (getattr(target, name, None) for name in ("__post_init__", "__attrs_post_init__"))
    codes = (getattr(each, "__code__", None) for each in later)
    return frozenset(name for code in codes if code is not None for name in code.co_names)


def _hints(target: type) -> dict[str, object]:
    try:
        return typing.get_type_hints(target)
    except Exception:  # noqa: BLE001  # unresolvable annotations: nested classes are not checked
        return {}
