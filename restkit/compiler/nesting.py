"""How List and Nested fields load and dump without their own methods: loops around compiled schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError, fields

from .plan import Accept, accept_of
from .writer import Writer

__all__ = ["NestedLoad", "collection_loader"]

NestedLoad = Callable[[Any, Any, Any], Any]
"""Loads a mapping of a nested schema: (value, partial, unknown)."""

_OVERRIDES = (
    "deserialize",
    "_deserialize",
    "_validate",
    "_validate_missing",
    "_load",
    "_test_collection",
    "make_error",
)


def collection_loader(
    field: fields.Field[Any], nested: Callable[[Schema], NestedLoad]
) -> tuple[str, Callable[[Any, Any], Any]] | None:
    """Return how a List or a Nested field loads in line.

    Args:
        field: The field.
        nested: Returns what loads a nested schema.

    Returns:
        An expression of ``v`` that says for which values, and a function of (value, partial) that returns the
        loaded value or raises ValidationError; None where the field's own method is called.
    """
    if not _is_plain(field):
        return None
    if type(field) is fields.Nested:
        many = _many_of(field)
        if many is None:
            return None
        return f"type(v) is {'list' if many else 'dict'}", _validated(field, _nested_loader(field, nested))
    if type(field) is fields.List:
        inner = field.inner
        if type(inner) is fields.Nested and _is_plain(inner) and not inner.validators and _many_of(inner) is False:
            return "type(v) is list", _validated(field, _list_of_nested(inner, _nested_loader(inner, nested)))
        accept, _ = accept_of(inner)
        if accept is not None and accept.convert is None:
            return "type(v) is list", _validated(field, _list_of_plain(field, accept))
    return None


def _is_plain(field: fields.Field[Any]) -> bool:
    return not (field.pre_load or field.post_load or any(each in vars(field) for each in _OVERRIDES))


def _many_of(field: fields.Nested) -> bool | None:
    """Return whether a Nested field is of many; None where its schema cannot be made yet."""
    try:
        return bool(field.schema.many or field.many)
    except Exception:  # noqa: BLE001  # what is wrong with it shows where it is used, as in marshmallow
        field._schema = None  # NOTE: marshmallow keeps a half-made one, and would not tell the fault again
        return None


def _validated(field: fields.Field[Any], load: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Put the field's own validators behind the loading."""
    if not field.validators:
        return load

    def validated(value: Any, partial: Any) -> Any:
        output = load(value, partial)
        field._validate(output)
        return output

    return validated


def _nested_loader(field: fields.Nested, nested: Callable[[Schema], NestedLoad]) -> Callable[[Any, Any], Any]:
    """Load by the nested schema, which is compiled when data first reaches it: it may nest this one."""
    loads: list[NestedLoad] = []

    def load(value: Any, partial: Any) -> Any:
        if not loads:
            loads.append(nested(field.schema))
        return loads[0](value, partial, field.unknown)

    return load


def _list_of_nested(inner: fields.Nested, load: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    deserialize = inner.deserialize

    def load_list(values: Any, partial: Any) -> Any:
        result: list[Any] = []
        errors: dict[int, Any] = {}
        for index, value in enumerate(values):
            try:
                if type(value) is dict:
                    result.append(load(value, partial))
                elif partial is None:
                    result.append(deserialize(value))
                else:
                    result.append(deserialize(value, partial=partial))
            except ValidationError as error:
                if error.valid_data is not None:
                    result.append(error.valid_data)
                errors[index] = error.messages
        if errors:
            raise ValidationError(errors, valid_data=result)
        return result

    return load_list


def _list_of_plain(field: fields.Field[Any], accept: Accept) -> Callable[[Any, Any], Any]:
    """Accept a list whose items are all accepted as they are; another list takes the field's own way."""
    names = {name: name for name in accept.bound}
    tests = [accept.test.format(**names), *(check.format(w="v", **names) for check in accept.checks)]
    writer = Writer()
    for name, value in accept.bound.items():
        writer.set(name, value)
    with writer.block("def accepts(values):"):
        with writer.block("for v in values:"), writer.block(f"if not ({' and '.join(f'({test})' for test in tests)}):"):
            writer.line("return False")
        writer.line("return True")
    accepts = writer.run("list")["accepts"]
    own = field._deserialize

    def load_list(values: Any, partial: Any) -> Any:
        if accepts(values):
            return list(values)
        return own(values, None, None) if partial is None else own(values, None, None, partial=partial)

    return load_list
