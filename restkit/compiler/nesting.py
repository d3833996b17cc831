"""Inline code for List and Nested fields: loops around compiled schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from marshmallow import ValidationError, fields
from marshmallow.types import UnknownOption

from .accept import has_functions
from .checks import check_of
from .error_store import Store, copied
from .function_types import AnyField, NestedLoad, Partial
from .plan import is_many
from .writer import Writer

__all__ = [
    "MOST_ERRORS",
    "Collection",
    "CollectionLoad",
    "Container",
    "nested_of",
    "own_function",
    "write_nested",
]

MOST_ERRORS = 101
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


class Container:
    """The inline code of a field that holds other values.

    Attributes:
        test: The expression of ``v`` that is true for values that the function loads best.
        load: The function of (value, partial); it raises ValidationError.
    """

    __slots__ = ("load", "test")

    def __init__(self, test: str, load: CollectionLoad) -> None:
        """Take the test and the function."""
        self.test = test
        self.load = load


class Collection(NamedTuple):
    """A nested field with inline code.

    Attributes:
        inner: The Nested field itself, or the Nested field of a List's items.
        in_list: True if the field is a List.
        many: True if the Nested field itself holds a list.
    """

    inner: fields.Nested
    in_list: bool
    many: bool = False

    @property
    def kind(self) -> str:
        """The class of the values that are loaded inline."""
        return "list" if self.in_list or self.many else "dict"


def nested_of(field: AnyField) -> Collection | None:
    """Return the Nested field of a Nested field or a List of them, None for other fields."""
    if not _is_plain(field):
        return None
    if type(field) is fields.Nested:
        many = is_many(field)
        return None if many is None else Collection(field, False, many)
    if type(field) is not fields.List:
        return None
    inner = field.inner
    if type(inner) is not fields.Nested or not _is_plain(inner) or inner.validators:
        return None
    return Collection(inner, True) if _is_single(inner) else None


def write_nested(
    writer: Writer,
    number: int,
    field: AnyField,
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
    inner, in_list, many = found
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
        load, own_partial, own_unknown = nested(inner.schema, option, many)
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
        writer.set(f"item_{number}", own_function(inner))
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
    with writer.block(f"if len(failed) >= {MOST_ERRORS}:"):
        writer.line("break")


def _checks(field: AnyField, variable: str) -> str:
    """Return the expression that is true if all validators accept; if false, they are called."""
    bound: dict[str, object] = {}
    checks = [check_of(validator, field, "unbound", bound) for validator in field.validators]
    if bound or any(check is None for check in checks):
        return "False"
    return " and ".join(check.format(w=variable) for check in checks if check is not None)


def own_function(field: AnyField) -> CollectionLoad:
    """Return the field's own method as a function of (value, partial)."""
    deserialize = field.deserialize

    def own(value: object, partial: Partial) -> object:
        return deserialize(value) if partial is None else deserialize(value, partial=partial)

    return own


def _is_plain(field: AnyField) -> bool:
    return not has_functions(field) and vars(field).keys().isdisjoint(_OVERRIDES)


def _is_single(field: fields.Nested) -> bool:
    return is_many(field) is False
