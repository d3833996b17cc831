"""Inline code for List and Nested fields: loops around compiled schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from marshmallow import ValidationError, fields
from marshmallow.types import UnknownOption

from .checks import check_of
from .error_store import Store, copied
from .function_types import NestedLoad, Partial
from .load_forms import Accept, accept_of, has_functions
from .plan import nested_schema
from .writer import Writer

__all__ = ["Collection", "CollectionLoad", "collection_loader", "nested_of", "write_nested"]

_MOST_ERRORS = 101
"""The errors after which a list is not read on: a response shows 100, and says that more follow."""

CollectionLoad = Callable[[Any, Partial], object]
"""Loads a list: (list, partial). It raises ValidationError."""

_OVERRIDES = (
    "deserialize",
    "_deserialize",
    "_validate",
    "_validate_missing",
    "_load",
    "_test_collection",
    "make_error",
)


class Collection(NamedTuple):
    """A nested field with inline code.

    Attributes:
        inner: The Nested field itself, or the Nested field of a List's items.
        in_list: True if the field is a List.
    """

    inner: fields.Nested
    in_list: bool


def nested_of(field: fields.Field[Any]) -> Collection | None:
    """Return the Nested field of a Nested field or a List of them, None for other fields."""
    if not _is_plain(field):
        return None
    if type(field) is fields.Nested:
        return Collection(field, False) if _is_single(field) else None
    if type(field) is not fields.List:
        return None
    inner = field.inner
    if type(inner) is not fields.Nested or not _is_plain(inner) or inner.validators:
        return None
    return Collection(inner, True) if _is_single(inner) else None


def write_nested(
    writer: Writer,
    number: int,
    field: fields.Field[Any],
    found: Collection,
    nested: NestedLoad,
) -> None:
    """Write the code that loads ``v``, a dict or a list, into ``w``; ``w`` is M without a value.

    The code puts the errors into ``failed``, None without errors.

    Args:
        writer: The writer of the loader, in which ``partial`` and ``M`` are names.
        number: The number of the step.
        field: The field.
        found: The result of `nested_of` for the field.
        nested: The function that returns the loader of a nested schema.
    """
    inner, in_list = found
    one, part, unk = (f"{stem}_{number}" for stem in ("one", "part", "unk"))

    def first(
        value: object,
        partial: Partial,
        unknown: UnknownOption | None,
        store: Store,
        index: int | None,
    ) -> object:
        # The nested schema is compiled with the first data for it, because it may nest this one.
        option: Any = inner.unknown
        load, own_partial, own_unknown = nested(inner.schema, option)
        writer.set(part, own_partial)
        writer.set(unk, own_unknown)
        writer.set(one, load)
        return load(value, own_partial if partial is None else partial, own_unknown, store, index)

    for name, value in ((one, first), (part, None), (unk, None)):
        writer.set(name, value)
    writer.set("ValidationError", ValidationError)
    writer.set("copied", copied)
    call = f"{one}({{}}, {part} if partial is None else partial, {unk}, inner, None)"
    writer.line("failed = None")
    writer.line("inner = new_store()")
    if in_list:
        writer.set(f"item_{number}", _item(inner))
        _write_list(writer, number, call)
    else:
        _write_single(writer, call)
    if field.validators:
        writer.set(f"validate_{number}", field._validate)
        with writer.block(f"if failed is None and not ({_checks(field, 'w')}):"):
            with writer.block("try:"):
                writer.line(f"validate_{number}(w)")
            with writer.block("except ValidationError as error:"):
                writer.line("failed = copied(error.messages)")
                writer.line("w = error.valid_data or M")


def _write_single(writer: Writer, call: str) -> None:
    with writer.block("try:"):
        writer.line(f"w = {call.format('v')}")
        with writer.block("if inner.errors:"):
            writer.line("failed = inner.errors")
            writer.line("w = w or M")
    with writer.block("except ValidationError as error:"):
        writer.line("failed = copied(error.messages)")
        writer.line("w = error.valid_data or M")


def _write_list(writer: Writer, number: int, call: str) -> None:
    writer.line("w = []")
    with writer.block("for n, x in enumerate(v):"):
        with writer.block("try:"):
            with writer.block("if type(x) is not dict:"):
                writer.line(f"w.append(item_{number}(x, partial))")
                writer.line("continue")
            writer.line(f"x = {call.format('x')}")
        with writer.block("except ValidationError as error:"):
            writer.line("failed = {} if failed is None else failed")
            writer.line("failed[n] = copied(error.messages)")
            with writer.block("if error.valid_data is not None:"):
                writer.line("w.append(error.valid_data)")
            _write_stop(writer)
            writer.line("continue")
        writer.line("w.append(x)")
        with writer.block("if inner.errors:"):
            writer.line("failed = {} if failed is None else failed")
            writer.line("failed[n] = inner.errors")
            writer.line("inner = new_store()")
            _write_stop(writer)
    with writer.block("if failed is not None:"):
        writer.line("w = w or M")


def _write_stop(writer: Writer) -> None:
    """Write the end of the loop after many errors: an invalid list must not cost its length."""
    with writer.block(f"if len(failed) >= {_MOST_ERRORS}:"):
        writer.line("break")


def _checks(field: fields.Field[Any], variable: str) -> str:
    """Return the expression that is true if all validators accept; if false, they are called."""
    bound: dict[str, object] = {}
    checks = [check_of(validator, type(field), "unbound", bound) for validator in field.validators]
    if bound or any(check is None for check in checks):
        return "False"
    return " and ".join(check.format(w=variable) for check in checks if check is not None)


def _item(inner: fields.Nested) -> CollectionLoad:
    """Return the function that loads an item that is not a dict with the field's own method."""
    deserialize = inner.deserialize

    def item(value: object, partial: Partial) -> object:
        return deserialize(value) if partial is None else deserialize(value, partial=partial)

    return item


def collection_loader(field: fields.Field[Any]) -> CollectionLoad | None:
    """Return the function that loads a list of plain values, None without inline code for it.

    The caller tests the value: only a value whose class is exactly ``list`` is accepted.
    """
    if type(field) is not fields.List or not _is_plain(field):
        return None
    accept, _ = accept_of(field.inner)
    if accept is None or accept.convert is not None:
        return None
    return _validated(field, _list_of_plain(field, accept))


def _is_plain(field: fields.Field[Any]) -> bool:
    return not has_functions(field) and vars(field).keys().isdisjoint(_OVERRIDES)


def _is_single(field: fields.Nested) -> bool:
    """Return True if a Nested field loads one mapping, False if many or if unknown yet."""
    schema = nested_schema(field)
    return schema is not None and not (schema.many or field.many)


def _validated(field: fields.Field[Any], load: CollectionLoad) -> CollectionLoad:
    """Return the loading function with the field's own validators after it."""
    if not field.validators:
        return load
    writer = Writer()
    with writer.block("def is_valid(w):"):
        writer.line(f"return {_checks(field, 'w')}")
    is_valid = writer.run("checks")["is_valid"]

    def validated(value: object, partial: Partial) -> object:
        output = load(value, partial)
        if not is_valid(output):
            field._validate(output)
        return output

    return validated


def _list_of_plain(field: fields.List[Any], accept: Accept) -> CollectionLoad:
    """Return the function that copies a list if all items are accepted unchanged.

    It loads any other list with the field's own method.
    """
    accepts = _accepts_all(accept)
    own = field._deserialize
    inner = field.inner

    def load_list(values: list[object], partial: Partial) -> object:
        if accepts(values):
            return list(values)
        if len(values) >= _MOST_ERRORS:
            return _load_each(inner, values, partial)
        if partial is None:
            return own(values, None, None)
        return own(values, None, None, partial=partial)

    return load_list


def _load_each(inner: fields.Field[Any], values: list[object], partial: Partial) -> list[object]:
    """Load the items as the List field does, but stop after many errors."""
    options: dict[str, Any] = {} if partial is None else {"partial": partial}
    loaded: list[object] = []
    errors: dict[int, object] = {}
    for index, each in enumerate(values):
        try:
            loaded.append(inner.deserialize(each, **options))
        except ValidationError as error:
            if error.valid_data is not None:
                loaded.append(error.valid_data)
            errors[index] = error.messages
            if len(errors) >= _MOST_ERRORS:
                break
    if errors:
        raise ValidationError(errors, valid_data=loaded)
    return loaded


def _accepts_all(accept: Accept) -> Callable[[list[object]], bool]:
    """Return the function that is true for a list whose items are all accepted unchanged."""
    names = {name: name for name in accept.bound}
    checks = [check.format(w="v", **names) for check in accept.checks]
    tests = [f"({test})" for test in (accept.test.format(**names), *checks)]
    writer = Writer()
    for name, value in accept.bound.items():
        writer.set(name, value)
    with writer.block("def accepts(values):"):
        with writer.block("for v in values:"), writer.block(f"if not ({' and '.join(tests)}):"):
            writer.line("return False")
        writer.line("return True")
    accepts: Callable[[list[object]], bool] = writer.run("list")["accepts"]
    return accepts
