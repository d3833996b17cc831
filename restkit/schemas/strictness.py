"""Strictness of one schema instance: wire formats on its fields, and unknown fields rejected."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

from marshmallow import EXCLUDE, RAISE, Schema, fields

from ..compiler import Guard, KeyOrder
from .alternatives import Alternatives
from .hook_guards import guard_alternatives, guard_hooks
from .parameter_styles import takes_text
from .possible_values import check_possible
from .repeatable import make_repeatable
from .unions import alternatives_of, is_union_schema
from .wire_format import inline_of, same
from .wire_formats import Source, wire_of

__all__ = ["cloned", "enforce_wire_formats"]


_Field = fields.Field[Any]
_Parted = fields.List[object] | fields.Tuple | Alternatives


def cloned(schema: Schema) -> Schema:
    """Copy an instance so that wire forms set on its fields do not reach the user's own."""
    clone = copy.copy(schema)
    copies = {id(field): _copied(field) for field in schema.fields.values()}
    for each in ("fields", "load_fields", "dump_fields"):
        setattr(
            clone, each, {name: copies[id(field)] for name, field in getattr(schema, each).items()}
        )
    return clone


def _copied(field: _Field) -> Any:
    """Copy a field with the fields that it is made of."""
    made: Any = copy.copy(field)
    if isinstance(made, fields.List):
        made.inner = _copied(made.inner)
    elif isinstance(made, fields.Tuple):
        made.tuple_fields = [_copied(each) for each in made.tuple_fields]
    elif isinstance(made, fields.Mapping):
        made.key_field = made.key_field and _copied(made.key_field)
        made.value_field = made.value_field and _copied(made.value_field)
    elif isinstance(made, fields.Nested):
        # NOTE: the cache of the property `schema`, which marshmallow has no public way to reset.
        made._schema = None
    elif isinstance(made, Alternatives):
        made.copied(_copied)
    return made


def enforce_wire_formats(
    schema: Schema, source: Source, strict: bool, above: tuple[type[Schema], ...] = ()
) -> None:
    """Set the wire forms on every field that a schema loads, nested schemas too.

    Args:
        schema: A schema of one use, so that no other use sees the changes: see `cloned`.
        source: Whether JSON values or texts are loaded.
        strict: Whether unknown fields are errors where the schema does not say so itself.
        above: The classes of the schemas that it is nested in.
    """
    if not strict and "unknown" not in _meta_names(type(schema)) and schema.unknown == RAISE:
        schema.unknown = EXCLUDE
    guard_hooks(schema)
    KeyOrder(schema)
    for field in schema.load_fields.values():
        _enforce_field(field, source, strict, (*above, type(schema)))
    _enforce_alternatives(schema, source, strict, (*above, type(schema)))


def _enforce_alternatives(
    schema: Schema, source: Source, strict: bool, above: tuple[type[Schema], ...]
) -> None:
    """Set the wire formats in the schemas of a union, which get copies of their own."""
    if is_union_schema(schema):
        schema.alternatives = tuple(cloned(each) for each in schema.alternatives)
        for each in schema.alternatives:
            enforce_wire_formats(each, source, strict, above)
    elif alternatives_of(schema)[1]:
        own: dict[str, Schema] = {}
        for tag, declared in getattr(schema, "type_schemas", {}).items():
            own[tag] = declared() if isinstance(declared, type) else cloned(declared)
            if type(own[tag]) not in above:
                enforce_wire_formats(own[tag], source, strict, above)
        guard_alternatives(schema, own)


def _meta_names(schema: type[Schema]) -> set[str]:
    return {name for base in schema.Meta.__mro__ for name in vars(base)}


def _enforce_field(
    field: _Field, source: Source, strict: bool, above: tuple[type[Schema], ...]
) -> None:
    make_repeatable(field)
    check_possible(field)
    if isinstance(field, fields.Nested):
        _enforce_nested(field, _inside(field, source), strict, above)
    elif isinstance(field, (fields.List, fields.Tuple, Alternatives)):
        inner: Source = "text" if takes_text(field) else source
        for each in _parts(field):
            _enforce_field(each, inner, strict, above)
    elif isinstance(field, fields.Mapping):
        for part in (field.key_field, field.value_field):
            if part is not None:
                inside = "text" if part is field.key_field else _inside(field, source)
                _enforce_field(part, inside, strict, above)
    else:
        _take_wire(field, source)


def _parts(field: _Parted) -> Sequence[_Field]:
    """Return the fields of the values in a field's value."""
    if isinstance(field, fields.List):
        return (cast("_Field", field.inner),)
    parts = field.parts if isinstance(field, Alternatives) else field.tuple_fields
    return cast("Sequence[_Field]", parts)


def _inside(field: _Field, source: Source) -> Source:
    """Return the source of an object's members: the objects of a form are JSON."""
    if isinstance(field, fields.Pluck):
        return source
    return "json" if source == "form" else source


_deepening = threading.RLock()


def _enforce_nested(
    field: fields.Nested, source: Source, strict: bool, above: tuple[type[Schema], ...]
) -> None:
    nested = field.nested
    recursive = isinstance(nested, str) or (callable(nested) and not isinstance(nested, type))
    if not (recursive or nested in above):
        _own_nested(field, source, strict, above)
        return
    # NOTE: a schema may nest itself without end; each level is made when data first reaches it.
    plain = field.deserialize

    def deserialize(value: Any, *args: Any, **kwargs: Any) -> Any:
        with _deepening:  # several first requests may reach it at once
            if vars(field).get("deserialize") is deserialize:
                _own_nested(field, source, strict, above)
                vars(field).pop("deserialize", None)
        return plain(value, *args, **kwargs)

    setattr(field, "deserialize", deserialize)  # noqa: B010  # a method of one instance


def _own_nested(
    field: fields.Nested, source: Source, strict: bool, above: tuple[type[Schema], ...]
) -> None:
    schema = field.schema
    if isinstance(field.nested, Schema):
        clone = cloned(schema)
        schema.fields, schema.load_fields, schema.dump_fields = (
            clone.fields,
            clone.load_fields,
            clone.dump_fields,
        )
    enforce_wire_formats(schema, source, strict, above)


def _take_wire(field: _Field, source: Source) -> None:
    wire = wire_of(field)
    if wire is None:
        return
    take: Callable[[Any], Any] = wire.json if source == "json" else wire.text
    if source == "form" and wire.form is not None:
        take = wire.form
    if take is not same:
        names = {
            "obj_type": getattr(field, "OBJ_TYPE", "value"),
            "choices": getattr(field, "choices_text", ""),
        }
        is_json = source == "json"
        Guard(field, take, wire.error_key, names, typed=is_json, inline=inline_of(take))
