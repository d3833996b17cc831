"""Functions that load nested data: the values of Nested and Pluck fields."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, missing
from marshmallow.validate import And

from .error_store import Store
from .function_types import LoadOne, NestedLoad, Partial
from .nesting import CollectionLoad, Container, own_function
from .plan import is_many, plucked_key

__all__ = ["nested_container"]


def nested_container(field: fields.Nested, nested: NestedLoad) -> Container | None:
    """Return the inline code of a Nested or Pluck field, None without one."""
    many = is_many(field)
    if many is None:
        return None
    one = _nested_loader(field, nested, many=many)
    if type(field) is fields.Nested:
        test = "type(v) is list" if many else "type(v) is dict"
        return Container(test, _checked(field, one, list if many else dict))
    key = plucked_key(field)
    if key is None:
        return None
    if many:
        return Container(
            "type(v) is list",
            _checked(field, lambda value, part: one([{key: each} for each in value], part), list),
        )
    test = "v is not M and v is not None"
    return Container(test, _checked(field, lambda value, part: one({key: value}, part), None))


def _nested_loader(field: fields.Nested, nested: NestedLoad, *, many: bool) -> CollectionLoad:
    """Return the function that loads a nested dict or list; it compiles with the first value."""
    made: list[tuple[LoadOne, Partial, Any]] = []

    def load(value: object, partial: Partial) -> object:
        # It cannot be compiled earlier, because it may nest this schema.
        if not made:
            option: Any = field.unknown
            made.append(nested(field.schema, option, many))
        one, own_partial, unknown = made[0]
        store = Store()
        part = own_partial if partial is None else partial
        result: Any = one(value, part, unknown, store, None)
        if store.errors:
            raise ValidationError(store.errors, valid_data=result)
        return result

    return load


def _checked(
    field: fields.Nested, load: CollectionLoad, kind: type[object] | None
) -> CollectionLoad:
    """Return a loading function with the field's validators after it."""
    own, validators = own_function(field), field.validators
    validate = And(*validators) if validators else None

    def load_checked(value: object, partial: Partial) -> object:
        if type(value) is not kind and (kind is not None or value is None or value is missing):
            return own(value, partial)
        result = load(value, partial)
        if validate is not None:
            validate(result)
        return result

    return load_checked
