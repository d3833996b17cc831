"""Guards around hooks: the data they are called with, and the results that a PATCH takes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.decorators import POST_LOAD, PRE_LOAD

from .envelopes import is_envelope
from .own_behavior import hooks_of

__all__ = ["guard_alternatives", "guard_hooks"]

_log = logging.getLogger("restkit")
_Data = Any
_FAILED = (AttributeError, IndexError, KeyError, TypeError)


def guard_hooks(schema: Schema) -> None:
    """Set the guards on an instance that belongs to one use.

    ``pre_load`` hooks for items are called with objects only. One for a whole collection that
    fails on its content is invalid input. ``post_load`` hooks cannot turn the mapping of a PATCH
    into anything else.
    """
    hooks = hooks_of(schema)
    # The hooks of an envelope take its content out, of a patch too.
    partial_is_own = schema.partial is not None or is_envelope(type(schema))
    if not hooks.get(PRE_LOAD) and (partial_is_own or not hooks.get(POST_LOAD)):
        return
    message = schema.error_messages["type"]
    # NOTE: of the class, as the instance may be a copy of a guarded one
    plain: Callable[..., _Data] = type(schema)._invoke_processors

    def invoke(
        tag: str, *, pass_collection: bool, data: _Data, many: bool, **options: _Data
    ) -> _Data:
        def run(given: _Data) -> _Data:
            return plain(
                schema, tag, pass_collection=pass_collection, data=given, many=many, **options
            )

        if tag == PRE_LOAD and pass_collection:
            return _unwrapped(run, data, message)
        if tag == PRE_LOAD:
            _check_objects(data, many, message)
        elif tag == POST_LOAD and options.get("partial") is True and not partial_is_own:
            return _patched(run, data, many)
        return run(data)

    setattr(schema, "_invoke_processors", invoke)  # noqa: B010  # a method of one instance


def _unwrapped(run: Callable[[_Data], _Data], data: _Data, message: str) -> _Data:
    """Return the data that hooks take out of an envelope."""
    try:
        return run(data)
    except _FAILED:
        _log.info("A pre_load hook failed on the content of a request", exc_info=True)
        raise ValidationError([message]) from None


def _check_objects(data: _Data, many: bool, message: str) -> None:
    """Reject values that are not objects before hooks that expect objects.

    Raises:
        ValidationError: An item is not an object.
    """
    if not many:
        if not isinstance(data, Mapping):
            raise ValidationError([message])
        return
    if not isinstance(data, list):
        raise ValidationError([message])
    wrong = [at for at, value in enumerate(data) if not isinstance(value, Mapping)]
    if wrong:
        raise ValidationError({at: {"_schema": [message]} for at in wrong})


def _patched(run: Callable[[_Data], _Data], data: _Data, many: bool) -> _Data:
    """Return the mapping of a PATCH as hooks change it; an object that they make is not used."""
    items = data if many else [data]
    copies = [dict(each) for each in items]
    try:
        result = run(copies if many else copies[0])
    except _FAILED:
        # NOTE: a hook that makes an object needs all members, and a PATCH has some.
        _log.info("A post_load hook failed on the members of a PATCH", exc_info=True)
        return data
    found = result if many else [result]
    are_mappings = all(isinstance(each, Mapping) for each in found)
    return result if are_mappings else data


def guard_alternatives(schema: Schema, alternatives: Mapping[str, Schema]) -> None:
    """Let a schema with ``type_schemas`` load with prepared alternatives, and echo no input.

    Args:
        schema: An instance that belongs to one use.
        alternatives: The schema of each type.
    """
    plain = type(schema).load
    vars(schema)["type_schemas"] = alternatives
    message = schema.error_messages["type"]
    check = _type_check(schema, alternatives)

    def load(data: _Data, *, many: bool | None = None, **options: _Data) -> _Data:
        if not (schema.many if many is None else many):
            check(data)
        elif isinstance(data, list):
            _check_each(data, check)
        else:
            raise ValidationError([message])
        return plain(schema, data, many=many, **options)

    setattr(schema, "load", load)  # noqa: B010  # a method of one instance


def _check_each(items: Sequence[_Data], check: Callable[[_Data], None]) -> None:
    errors: dict[_Data, _Data] = {}
    for index, item in enumerate(items):
        try:
            check(item)
        except ValidationError as error:
            errors[index] = error.messages
    if errors:
        raise ValidationError(errors)


def _type_check(schema: Schema, alternatives: Mapping[str, Schema]) -> Callable[[_Data], None]:
    """Make the check that an item is an object of a known type."""
    tag_field = getattr(schema, "type_field", "type")
    message = schema.error_messages["type"]
    by_field = _finds_type_by_field(schema)
    known = ", ".join(map(str, alternatives))

    def check(item: _Data) -> None:
        if not isinstance(item, Mapping):
            raise ValidationError([message])
        tag = item.get(tag_field)
        if by_field and tag is None:
            raise ValidationError({tag_field: ["Missing data for required field."]})
        if by_field and not (isinstance(tag, str) and tag in alternatives):
            raise ValidationError({tag_field: [f"Must be one of: {known}."]})

    return check


def _finds_type_by_field(schema: Schema) -> bool:
    """Return whether the type of data is the member ``type_field``."""
    own = getattr(type(schema), "get_data_type", None)
    return own is None or getattr(own, "__module__", "").startswith("marshmallow_oneofschema")
