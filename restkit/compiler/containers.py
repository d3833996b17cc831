"""Generated functions that load lists, tuples, dicts and nested data.

Such a function of (value, partial) returns the result of the field's ``deserialize``, or raises the
same ValidationError. It accepts each part with inline code, and calls the own method of the part's
field for any other value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from marshmallow import ValidationError, fields, missing
from marshmallow.validate import And

from .accept import OVERRIDES, Accept, has_functions
from .checks import check_of
from .conversion import accepted
from .function_types import AnyField, AnyList, NestedLoad, Validate
from .load_forms import accept_of
from .nested_loads import nested_container
from .nesting import MOST_ERRORS, CollectionLoad, Container, own_function
from .writer import Writer

__all__ = ["container_of", "has_container"]

_Field = AnyField
_OVERRIDES = {*OVERRIDES, "deserialize", "_load", "_test_collection"}


def container_of(field: _Field, nested: NestedLoad) -> Container | None:
    """Return the inline code of a List, Tuple, Dict, Nested or Pluck field, None without one.

    Args:
        field: The field.
        nested: The function that returns the loader of a nested schema.
    """
    make = _MAKERS.get(type(field))
    if make is None or has_functions(field) or not vars(field).keys().isdisjoint(_OVERRIDES):
        return None
    return make(field, nested)


class _Function:
    """The writer of one function."""

    def __init__(self, field: _Field, nested: NestedLoad) -> None:
        """Begin the function of a field."""
        self.writer = Writer()
        self.field = field
        self._nested = nested
        self._count = 0
        self.writer.set("M", missing)
        self.writer.set("ValidationError", ValidationError)
        self.writer.set("own", own_function(field))

    def bind(self, stem: str, value: object) -> str:
        """Name an object."""
        self._count += 1
        name = f"{stem}_{self._count}"
        self.writer.set(name, value)
        return name

    @contextmanager
    def begin(self, kind: str) -> Generator[None]:
        """Write the head of the function, and the lines for values of other types."""
        with self.writer.block("def load(values, partial):"):
            with self.writer.block(f"if type(values) is not {kind}:"):
                self.writer.line("return own(values, partial)")
            yield

    def write_part(self, part: _Field) -> None:
        """Write the lines that load ``v`` to ``w`` with a field, or raise ValidationError."""
        write = self.writer
        accept, _ = accept_of(part)
        own = self.bind("own", own_function(part))
        if accept is None or accept.asks:
            found = container_of(part, self._nested) if accept is None else None
            load = own if found is None else self.bind("load", found.load)
            write.line(f"w = {load}(v, partial)")
            return
        variable, condition, checks = accepted(write, accept, self.bind)
        with write.block(f"if {' and '.join([condition, *checks])}:"):
            self._write_accepted(accept, variable)
        if part.allow_none and type(part).deserialize is fields.Field.deserialize:
            with write.block("elif v is None:"):
                write.line("w = None")
        with write.block("else:"):
            write.line(f"w = {own}(v, partial)")

    def _write_accepted(self, accept: Accept, variable: str) -> None:
        if variable == "v":
            self.writer.line("w = v")
        if accept.validators:
            self.writer.line(f"{self.bind('validate', And(*accept.validators))}(w)")
        elif variable == "w":
            self.writer.line("pass")

    def accepts_unchanged(self, part: _Field) -> str:
        """Return the expression that is true for a ``v`` that a field keeps, ``""`` without one."""
        accept, _ = accept_of(part)
        if accept is None or accept.made or accept.validators:
            return ""
        _, condition, checks = accepted(self.writer, accept, self.bind)
        return " and ".join([condition, *checks])

    def write_end(self, result: str) -> None:
        """Write the field's own validators, and the return of the result."""
        checks, called = _validators_of(self.field, self)
        if checks:
            with self.writer.block(f"if not ({' and '.join(checks)}):"):
                validate = self.bind("validate", And(*self.field.validators))
                self.writer.line(f"{validate}({result})")
                self.writer.line(f"return {result}")
        if called:
            self.writer.line(f"{self.bind('validate', And(*called))}({result})")
        self.writer.line(f"return {result}")

    def made(self) -> CollectionLoad:
        """Return the function."""
        load: CollectionLoad = self.writer.run(f"load {type(self.field).__name__}")["load"]
        return load


def _validators_of(field: _Field, function: _Function) -> tuple[list[str], list[Validate]]:
    """Return the expressions of a container's validators, and those that are called."""
    checks: list[str] = []
    called: list[Validate] = []
    for number, validator in enumerate(field.validators):
        bound: dict[str, object] = {}
        check = None if called else check_of(validator, field, f"c{number}", bound)
        if check is None:
            called.append(validator)
            continue
        names = {name: function.bind(name, value) for name, value in bound.items()}
        checks.append(f"({check.format(w='result', **names)})")
    return checks, called


def _list(field: AnyList, nested: NestedLoad) -> Container:
    function = _Function(field, nested)
    write = function.writer
    with function.begin("list"):
        if kept := function.accepts_unchanged(field.inner):
            # PERF: to copy the list costs less than to add each item to another one.
            with write.block("for v in values:"), write.block(f"if not ({kept}):"):
                write.line("break")
            with write.block("else:"):
                write.line("result = values[:]")
                function.write_end("result")
        write.line("result = []")
        write.line("errors = {}")
        write.line("lost = 0")
        with write.block("for v in values:"):
            with write.block("try:"):
                function.write_part(field.inner)
            with write.block("except ValidationError as error:"):
                write.line("errors[len(result) + lost] = error.messages")
                _write_valid_data(write, "result.append(error.valid_data)")
                with write.block("else:"):
                    write.line("lost += 1")
                with write.block(f"if len(errors) >= {MOST_ERRORS}:"):
                    write.line("break")
                write.line("continue")
            write.line("result.append(w)")
        _write_failed(write)
        function.write_end("result")
    return Container("type(v) is list", function.made())


def _write_valid_data(writer: Writer, line: str) -> None:
    with writer.block("if error.valid_data is not None:"):
        writer.line(line)


def _write_failed(writer: Writer) -> None:
    with writer.block("if errors:"):
        writer.line("raise ValidationError(errors, valid_data=result)")


def _tuple(field: fields.Tuple, nested: NestedLoad) -> Container | None:
    function = _Function(field, nested)
    write, size = function.writer, len(field.tuple_fields)
    if not size:
        return None
    with function.begin("list"):
        with write.block(f"if len(values) != {size}:"):
            write.line("return own(values, partial)")
        write.line("result = []")
        write.line("errors = {}")
        for number, part in enumerate(field.tuple_fields):
            write.line(f"v = values[{number}]")
            with write.block("try:"):
                function.write_part(part)
            with write.block("except ValidationError as error:"):
                write.line(f"errors[{number}] = error.messages")
                _write_valid_data(write, "result.append(error.valid_data)")
            with write.block("else:"):
                write.line("result.append(w)")
        _write_failed(write)
        write.line("result = tuple(result)")
        function.write_end("result")
    return Container("type(v) is list", function.made())


def _new_errors() -> dict[object, dict[str, object]]:
    return defaultdict(dict)


def _dict(field: fields.Dict, nested: NestedLoad) -> Container | None:
    if not (field.key_field or field.value_field):
        return None  # it has inline code
    function = _Function(field, nested)
    write = function.writer
    write.set("new_errors", _new_errors)
    write.set("Mapping", field.mapping_type)
    with function.begin("dict"):
        write.line("errors = None")
        write.line("keys = None")
        if field.key_field is not None:
            _write_keys(function, field.key_field)
        write.line("result = Mapping()")
        if field.value_field is None:
            with write.block("for key, v in values.items():"):
                _write_member(write, "v")
        else:
            _write_values(function, field.value_field)
        _write_failed(write)
        function.write_end("result")
    return Container("type(v) is dict", function.made())


def _write_keys(function: _Function, part: _Field) -> None:
    """Write the lines that load the keys to ``keys``, which stays None if none of them changes."""
    write = function.writer
    kept = function.accepts_unchanged(part)
    if kept:
        with write.block("for v in values:"), write.block(f"if not ({kept}):"):
            write.line("keys = {}")
            write.line("break")
    else:
        write.line("keys = {}")
    with write.block("if keys is not None:"), write.block("for key in values:"):
        write.line("v = key")
        with write.block("try:"):
            function.write_part(part)
        with write.block("except ValidationError as error:"):
            write.line("errors = new_errors() if errors is None else errors")
            write.line("errors[key]['key'] = error.messages")
            _write_stop(write)
        with write.block("else:"):
            write.line("keys[key] = w")


def _write_values(function: _Function, part: _Field) -> None:
    write = function.writer
    with write.block("for key, v in values.items():"):
        with write.block("try:"):
            function.write_part(part)
        with write.block("except ValidationError as error:"):
            write.line("errors = new_errors() if errors is None else errors")
            write.line("errors[key]['value'] = error.messages")
            with write.block("if error.valid_data is not None:"):
                _write_member(write, "error.valid_data")
            _write_stop(write)
            write.line("continue")
        _write_member(write, "w")


def _write_stop(writer: Writer) -> None:
    """Write the end of a loop after many errors: an invalid dict must not cost its length."""
    with writer.block(f"if len(errors) >= {MOST_ERRORS}:"):
        writer.line("break")


def _write_member(writer: Writer, value: str) -> None:
    with writer.block("if keys is None:"):
        writer.line(f"result[key] = {value}")
    with writer.block("elif key in keys:"):
        writer.line(f"result[keys[key]] = {value}")


_MAKERS: dict[type, Callable[[Any, NestedLoad], Container | None]] = {
    fields.List: _list,
    fields.Tuple: _tuple,
    fields.Dict: _dict,
    fields.Nested: nested_container,
    fields.Pluck: nested_container,
}


def has_container(field: _Field) -> bool:
    """Return True if a field that holds other values has inline code."""

    def never(*_: object) -> Any:
        raise NotImplementedError

    return container_of(field, never) is not None
