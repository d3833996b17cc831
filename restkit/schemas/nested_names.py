"""Schemas that fields nest by name: looked up once, when all modules are loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, class_registry, fields
from marshmallow.exceptions import RegistryError

from ..errors import DeclarationError

__all__ = ["check_nested_names"]

_Field = fields.Field[Any]
_HOLDERS = (fields.Nested, fields.List, fields.Tuple, fields.Mapping)


def check_nested_names(
    declared: Mapping[str, _Field],
    holder: type[Schema],
    declared_at: str,
    seen: set[type[Schema]] | None = None,
) -> None:
    """Look up the schemas that are nested by name, at any depth.

    Args:
        declared: The fields of a schema.
        holder: The schema's class.
        declared_at: Where the schema is declared, for messages.
        seen: The classes that have been looked at.

    Raises:
        DeclarationError: marshmallow knows no schema, or several, of a name.
    """
    seen = {holder} if seen is None else seen
    for name, field in declared.items():
        for nested in _nested_in(field) if isinstance(field, _HOLDERS) else ():
            found = _look_up(nested, f"{declared_at}: the field {name!r} of {holder.__qualname__}")
            if found is not None and found not in seen:
                seen.add(found)
                check_nested_names(found._declared_fields, found, declared_at, seen)


def _look_up(nested: object, what: str) -> type[Schema] | None:
    """Return the class that is nested, None for an instance or a function."""
    found: object = nested
    if isinstance(nested, str) and nested != "self":
        try:
            found = class_registry.get_class(nested)
        except RegistryError as error:
            raise DeclarationError(
                f"{what} nests a schema by a name that cannot be found: {error} Import the module "
                "that has it, or give the class."
            ) from None
    return found if isinstance(found, type) and issubclass(found, Schema) else None


def _nested_in(field: object) -> Iterator[object]:
    """Yield the nested schemas of a field, as they were declared."""
    if isinstance(field, fields.Nested):
        yield field.nested
    elif isinstance(field, fields.List):
        yield from _nested_in(field.inner)
    elif isinstance(field, fields.Tuple):
        for each in field.tuple_fields:
            yield from _nested_in(each)
    elif isinstance(field, fields.Mapping):
        yield from _nested_in(field.value_field)
