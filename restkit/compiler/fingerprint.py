"""What changes when a schema's fields do: which they are, their options, and those of the schemas that they nest."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

__all__ = ["fingerprint"]

_SKIPPED = frozenset({"parent", "root", "_schema"})


def fingerprint(schema: Schema) -> object:
    """Return a value that is equal as long as nothing of a schema has changed that the compiler has read."""
    return _of_schema(schema, ())


def _of_schema(schema: Schema, above: tuple[type[Schema], ...]) -> object:
    kind_of = type(schema)
    if kind_of in above:
        return id(
            schema
        )  # NOTE: a schema that nests itself has an instance for each level of data that was seen
    within = (*above, kind_of)
    methods = {
        name: id(value) for name, value in list(vars(schema).items()) if callable(value)
    }  # of the instance
    own = (schema.unknown, schema.many, id(schema.partial), methods)
    return own, [
        (kind, name, _of_field(field, within))
        for kind, each in (("load", schema.load_fields), ("dump", schema.dump_fields))
        for name, field in each.items()
    ]


def _of_field(field: fields.Field[Any], above: tuple[type[Schema], ...]) -> object:
    own = dict(
        vars(field)
    )  # a copy: another thread may just be deepening a schema that nests itself
    options = [(key, _of_option(value, above)) for key, value in own.items() if key not in _SKIPPED]
    nested = own.get("_schema")
    return id(field), options, _of_schema(nested, above) if nested is not None else None


def _of_option(value: Any, above: tuple[type[Schema], ...]) -> object:
    if isinstance(value, fields.Field):
        return _of_field(value, above)
    if type(value) in (list, tuple):
        return id(value), [
            _of_option(each, above) if isinstance(each, fields.Field) else id(each)
            for each in value
        ]
    return id(value)
