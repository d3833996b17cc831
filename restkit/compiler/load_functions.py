"""The functions that a generated loader calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import INCLUDE, RAISE, Schema, ValidationError, fields, missing, validate
from marshmallow.types import UnknownOption

from .error_store import Store, copied, put
from .function_types import Partial
from .nesting import MOST_ERRORS
from .plan import FieldPlan

__all__ = [
    "length_refusal",
    "longest_of",
    "own_loader",
    "refusal",
    "rejection",
    "unknown_keys",
    "whole_loader",
]


def own_loader(plan: FieldPlan) -> Callable[..., object]:
    """Return the function that calls the field's ``deserialize`` and stores its errors.

    It does the same as marshmallow's ``_call_and_store``.
    """
    field, key = plan.field, plan.key

    def own(value: object, data: Any, partial: Partial, store: Store, index: int | None) -> object:
        try:
            if partial is None:
                return field.deserialize(value, key, data)
            return field.deserialize(value, key, data, partial=partial)
        except ValidationError as error:
            store.store_error(error.messages, key, index=index)
            return error.valid_data or missing

    return own


def refusal(plan: FieldPlan) -> Callable[[object, Store, int | None], bool]:
    """Return the function that calls a field's validators and stores their messages.

    The value is already loaded, and one of marshmallow's own validators rejects it, so that only
    that check is repeated: no other validator has been called yet.
    """
    validators, key = tuple(plan.field.validators), plan.key
    fixed = len(validators) == 1 and _is_fixed(validators[0])
    known: list[object] = []

    def refuse(value: object, store: Store, index: int | None) -> bool:
        errors = known[:]
        for validator in () if errors else validators:
            try:
                validator(value)
            except ValidationError as error:  # as in marshmallow's And
                if isinstance(error.messages, dict):
                    errors.append(error.messages)
                else:
                    errors.extend(error.messages)
        if not errors:
            return False
        if fixed:
            known[:] = errors
        put(store, key, errors, index)
        return True

    return refuse


def rejection(plan: FieldPlan) -> Callable[[ValidationError, Store, int | None], bool]:
    """Return the function that stores the messages of the field's validators without inline code.

    It returns False if there are none.
    """
    key = plan.key

    def rejected(error: ValidationError, store: Store, index: int | None) -> bool:
        messages = error.messages  # as in marshmallow's And
        errors = [messages] if isinstance(messages, dict) else [*messages]
        if errors:
            put(store, key, copied(errors), index)
        return bool(errors)

    return rejected


def longest_of(field: Any) -> validate.Length | None:
    """Return the validator with the maximum length of a field's list, None without one."""
    if type(field) is not fields.List and not (type(field) is fields.Nested and field.many):
        return None
    lengths = [each for each in field.validators if isinstance(each, validate.Length)]
    exact = (each for each in lengths if type(each) is validate.Length)
    return next((each for each in exact if each.max is not None), None)


def length_refusal(
    plan: FieldPlan, longest: validate.Length
) -> Callable[[list[object], Store, int | None], None]:
    """Return the function that stores the message about a list that is too long."""
    key = plan.key

    def refuse(value: list[object], store: Store, index: int | None) -> None:
        try:
            longest(value)
        except ValidationError as error:
            put(store, key, error.messages, index)

    return refuse


def _is_fixed(validator: object) -> bool:
    """Return True if a validator has one message for every value.

    Its texts then are plain strings that do not contain the input.
    """
    if type(validator) in (validate.Length, validate.Range):
        names = ["message_min", "message_max", "message_all", "message_equal", "error"]
    elif type(validator) in (validate.Regexp, validate.OneOf, validate.Email, validate.URL):
        names = ["error"]
    else:
        return False
    return all(map(_is_fixed_text, (getattr(validator, name, None) for name in names)))


def _is_fixed_text(text: object) -> bool:
    return text is None or (type(text) is str and "{input" not in text)


def whole_loader(schema: Schema) -> Callable[..., object]:
    """Return the function that loads one mapping with marshmallow's own ``_deserialize``."""

    def whole(
        data: Any, partial: Partial, unknown: UnknownOption, store: Store, index: int | None
    ) -> object:
        return schema._deserialize(
            data, error_store=store, many=False, partial=partial, unknown=unknown, index=index
        )

    return whole


def unknown_keys(schema: Schema) -> Callable[..., None]:
    """Return the function that includes or rejects the keys that a schema does not know."""

    def handle_unknown(
        data: dict[object, object],
        result: dict[object, object],
        unknown: UnknownOption,
        store: Store,
        index: int | None,
    ) -> None:
        known: set[object] = set()
        for name, field in schema.load_fields.items():
            known.add(name if field.data_key is None else field.data_key)
        # The order of the data is the same in every process; the order of a set is not.
        found = [each for each in data if each not in known]
        if unknown == INCLUDE:
            result.update((key, data[key]) for key in found)
        elif unknown == RAISE:
            # SECURITY: a response names the first 100 errors, and storing each costs much.
            for key in found[:MOST_ERRORS]:
                store.store_error([schema.error_messages["unknown"]], key, index)

    return handle_unknown
