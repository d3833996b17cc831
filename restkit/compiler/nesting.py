"""How List and Nested fields load and dump without their own methods: loops around compiled schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError, fields

from .checks import check_of
from .error_store import copied
from .plan import Accept, accept_of, has_functions
from .writer import Writer

__all__ = ["NestedOne", "collection_loader", "nested_of", "write_nested"]

LoadOne = Callable[[Any, Any, Any, Any, Any], Any]
NestedOne = Callable[[Schema, "str | None"], tuple[LoadOne, Any, Any]]
"""Returns what loads one mapping of a nested schema, and the partial and unknown that it has by itself."""

_OVERRIDES = (
    "deserialize",
    "_deserialize",
    "_validate",
    "_validate_missing",
    "_load",
    "_test_collection",
    "make_error",
)


def nested_of(field: fields.Field[Any]) -> tuple[fields.Nested, bool] | None:
    """Return the Nested field that is written in line, and whether it stands in a List.

    Returns:
        Of ``Nested(...)`` itself, of ``List(Nested(...))`` its inner field; None for every other
        field.
    """
    if not _is_plain(field):
        return None
    if type(field) is fields.Nested:
        return (field, False) if _many_of(field) is False else None
    if type(field) is fields.List:
        inner = field.inner
        if (
            type(inner) is fields.Nested
            and _is_plain(inner)
            and not inner.validators
            and _many_of(inner) is False
        ):
            return inner, True
    return None


def write_nested(
    writer: Writer,
    number: int,
    field: fields.Field[Any],
    found: tuple[fields.Nested, bool],
    nested: NestedOne,
) -> None:
    """Write how ``v``, a dict or a list, becomes ``w``: the loaded value, or M where there is none.

    What is wrong is in ``failed`` then, None where nothing is.

    Args:
        writer: Of the loader; ``partial`` and ``M`` are names in it.
        number: Of the step.
        field: The field.
        found: What `nested_of` returned of it.
        nested: Returns what loads one mapping of a nested schema.
    """
    inner, in_list = found
    one, part, unk = (f"{stem}_{number}" for stem in ("one", "part", "unk"))

    def first(value: Any, partial: Any, unknown: Any, store: Any, index: Any) -> Any:
        # The nested schema is compiled when data first reaches it: it may nest this one.
        load, own_partial, own_unknown = nested(inner.schema, inner.unknown)
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
            writer.line("continue")
        writer.line("w.append(x)")
        with writer.block("if inner.errors:"):
            writer.line("failed = {} if failed is None else failed")
            writer.line("failed[n] = inner.errors")
            writer.line("inner = new_store()")
    with writer.block("if failed is not None:"):
        writer.line("w = w or M")


def _checks(field: fields.Field[Any], variable: str) -> str:
    """Return the expression that says that all validators accept; where it is false they are asked themselves."""
    bound: dict[str, Any] = {}
    checks = [check_of(validator, type(field), "unbound", bound) for validator in field.validators]
    if bound or any(check is None for check in checks):
        return "False"
    return " and ".join(check.format(w=variable) for check in checks if check is not None)


def _item(inner: fields.Nested) -> Callable[[Any, Any], Any]:
    """Load an item that is no dict the field's own way, which mostly refuses it."""
    deserialize = inner.deserialize

    def item(value: Any, partial: Any) -> Any:
        return deserialize(value) if partial is None else deserialize(value, partial=partial)

    return item


def collection_loader(field: fields.Field[Any]) -> tuple[str, Callable[[Any, Any], Any]] | None:
    """Return how a list of plain values loads in line.

    Returns:
        An expression of ``v`` that says for which values, and a function of (value, partial) that
        returns the loaded value or raises ValidationError; None where the field's own method is
        called.
    """
    if type(field) is not fields.List or not _is_plain(field):
        return None
    accept, _ = accept_of(field.inner)
    if accept is None or accept.convert is not None:
        return None
    return "type(v) is list", _validated(field, _list_of_plain(field, accept))


def _is_plain(field: fields.Field[Any]) -> bool:
    return not (has_functions(field) or any(each in vars(field) for each in _OVERRIDES))


def _many_of(field: fields.Nested) -> bool | None:
    """Return whether a Nested field is of many; None where its schema cannot be made yet."""
    try:
        return bool(field.schema.many or field.many)
    except Exception:  # noqa: BLE001  # what is wrong with it shows where it is used, as in marshmallow
        field._schema = (
            None  # NOTE: marshmallow keeps a half-made one, and would not tell the fault again
        )
        return None


def _validated(
    field: fields.Field[Any], load: Callable[[Any, Any], Any]
) -> Callable[[Any, Any], Any]:
    """Put the field's own validators behind the loading."""
    if not field.validators:
        return load
    writer = Writer()
    with writer.block("def is_valid(w):"):
        writer.line(f"return {_checks(field, 'w')}")
    is_valid = writer.run("checks")["is_valid"]

    def validated(value: Any, partial: Any) -> Any:
        output = load(value, partial)
        if not is_valid(output):
            field._validate(output)
        return output

    return validated


def _list_of_plain(field: fields.Field[Any], accept: Accept) -> Callable[[Any, Any], Any]:
    """Accept a list whose items are all accepted as they are; another list takes the field's own way."""
    names = {name: name for name in accept.bound}
    tests = [
        accept.test.format(**names),
        *(check.format(w="v", **names) for check in accept.checks),
    ]
    writer = Writer()
    for name, value in accept.bound.items():
        writer.set(name, value)
    with writer.block("def accepts(values):"):
        with (
            writer.block("for v in values:"),
            writer.block(f"if not ({' and '.join(f'({test})' for test in tests)}):"),
        ):
            writer.line("return False")
        writer.line("return True")
    accepts = writer.run("list")["accepts"]
    own = field._deserialize

    def load_list(values: Any, partial: Any) -> Any:
        if accepts(values):
            return list(values)
        return (
            own(values, None, None) if partial is None else own(values, None, None, partial=partial)
        )

    return load_list
