"""Fields that nest other schemas, and the paths of such fields."""

from __future__ import annotations

from collections.abc import Iterator

from marshmallow import Schema, fields

from .store import AnyField

__all__ = [
    "attribute_of",
    "fields_along",
    "is_nested",
    "is_single",
    "nested_in",
    "nested_paths",
    "wire_path",
]


def attribute_of(field: AnyField) -> str:
    """Return the attribute that a field of a schema reads."""
    return field.attribute or str(field.name)


def is_nested(field: AnyField | None) -> bool:
    """Return whether a field holds objects of another schema, one or a list of them."""
    return isinstance(field.inner if isinstance(field, fields.List) else field, fields.Nested)


def is_single(field: AnyField) -> bool:
    """Return whether a nested field holds one object, not several."""
    return isinstance(field, fields.Nested) and not field.many


def nested_in(field: AnyField) -> Schema | None:
    """Return the schema that a field nests, or that the members of its list have; None without."""
    inner = field.inner if isinstance(field, fields.List) else field
    return inner.schema if isinstance(inner, fields.Nested) else None


def fields_along(schema: Schema, path: str) -> list[AnyField]:
    """Return the fields on a path of nested schemas, none if one of them does not exist."""
    current: Schema | None = schema
    found: list[AnyField] = []
    for name in path.split("."):
        field = None if current is None else current.dump_fields.get(name)
        if field is None:
            return []
        found.append(field)
        current = nested_in(field)
    return found


def wire_path(schema: Schema, path: str) -> str:
    """Return a field, or a path of fields, with the names that content has."""
    if "." not in path:
        return schema.dump_fields[path].data_key or path
    return ".".join(each.data_key or str(each.name) for each in fields_along(schema, path))


def nested_paths(schema: Schema, above: tuple[type[Schema], ...]) -> Iterator[str]:
    """Yield the attributes that nested schemas dump, theirs after a dot."""
    for name, field in schema.dump_fields.items():
        below = nested_in(field)
        if below is None:
            continue
        attribute = field.attribute or name
        yield attribute
        if type(below) not in above:
            for path in nested_paths(below, (*above, type(below))):
                yield f"{attribute}.{path}"
