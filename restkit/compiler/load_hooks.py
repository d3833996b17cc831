"""The hooks of a schema's load, in marshmallow's order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial as bind
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.decorators import POST_LOAD, PRE_LOAD, VALIDATES, VALIDATES_SCHEMA
from marshmallow.types import UnknownOption

from .error_store import Store
from .function_types import Partial

__all__ = ["load_with_hooks", "refuse"]

Deserialize = Callable[[Any, Store, bool, Partial, UnknownOption], object]

_normalized: Callable[[ValidationError], dict[Any, Any]] = ValidationError.normalized_messages


def load_with_hooks(
    schema: Schema,
    deserialize: Deserialize,
    data: Any,
    *,
    many: bool,
    partial: Partial,
    unknown: UnknownOption,
) -> object:
    """Load in the order of marshmallow's ``_do_load``.

    It runs pre_load, the fields, the validators of fields and of the schema, and post_load.

    Args:
        schema: The schema.
        deserialize: The function that loads the fields.
        data: The data.
        many: True to load a list.
        partial: The option of the load.
        unknown: The option of the load.

    Raises:
        ValidationError: The data is invalid.
    """
    hooks, store = schema._hooks, Store()
    process = bind(
        schema._invoke_load_processors,
        many=many,
        original_data=data,
        partial=partial,
        unknown=unknown,
    )
    processed = data
    if hooks[PRE_LOAD]:
        try:
            processed = process(PRE_LOAD, data)
        except ValidationError as error:
            if errors := _normalized(error):
                refuse(schema, errors, data, None, many=many, partial=partial)
    result: Any = deserialize(processed, store, many, partial, unknown)
    if hooks[VALIDATES]:
        schema._invoke_field_validators(error_store=store, data=result, many=many)
    if hooks[VALIDATES_SCHEMA]:
        _validate_schema(schema, store, result, data, many, partial, unknown)
    errors = store.errors
    if not errors and hooks[POST_LOAD]:
        try:
            return process(POST_LOAD, result)
        except ValidationError as error:
            errors = _normalized(error)
    if errors:
        refuse(schema, errors, data, result, many=many, partial=partial)
    return result


def refuse(
    schema: Schema, errors: Any, data: Any, result: Any, *, many: bool, partial: Partial
) -> None:
    """Raise ValidationError after the schema's ``handle_error`` has seen it."""
    error = ValidationError(errors, data=data, valid_data=result)
    schema.handle_error(error, data, many=many, partial=partial)
    raise error


def _validate_schema(
    schema: Schema,
    store: Store,
    result: object,
    data: object,
    many: bool,
    partial: Partial,
    unknown: UnknownOption,
) -> None:
    field_errors = bool(store.errors)
    for pass_collection in (True, False):
        schema._invoke_schema_validators(
            error_store=store,
            pass_collection=pass_collection,
            data=result,
            original_data=data,
            many=many,
            partial=partial,
            field_errors=field_errors,
            unknown=unknown,
        )
