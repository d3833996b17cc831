"""Writes the loader of a schema: one straight function for one mapping.

A value that a field is known to accept is stored where it is found. Everything else (absent, null, invalid,
or of a field that is not written in line) goes to the field's own ``deserialize``, once, so that messages and
validators are marshmallow's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, ValidationError, fields, missing
from marshmallow.utils import set_value

from .nesting import NestedOne, collection_loader, nested_of, write_nested
from .plan import Accept, FieldPlan, Plan
from .writer import Writer

__all__ = ["LoadOne", "write_loader"]

LoadOne = Callable[[Any, Any, Any, Any, Any], Any]


def write_loader(plan: Plan, nested: NestedOne, new_store: Callable[[], Any]) -> tuple[LoadOne, str]:
    """Write and make the loader.

    Args:
        plan: Of the schema.
        nested: Returns what loads one mapping of a nested schema.
        new_store: Makes an error store.

    Returns:
        The function of (data, partial, unknown, error store, index), and its source.
    """
    writer = Writer()
    schema = plan.schema
    writer.set("M", missing)
    writer.set("new_store", new_store)
    writer.set("EXCLUDE", EXCLUDE)
    writer.set("KNOWN", frozenset(each.key for each in plan.load))
    writer.set("whole", _whole(schema))
    writer.set("unknown_keys", _unknown_keys(schema))
    with writer.block("def load_one(data, partial, unknown, store, index):"):
        with writer.block("if type(data) is not dict or (partial is not None and type(partial) is not bool):"):
            writer.line("return whole(data, partial, unknown, store, index)")
        writer.line("result = {}")
        writer.line("get = data.get")
        for number, each in enumerate(plan.load):
            _Step(writer, each, number, nested).write()
        with writer.block("if unknown != EXCLUDE and not data.keys() <= KNOWN:"):
            writer.line("unknown_keys(data, result, unknown, store, index)")
        writer.line("return result")
    namespace = writer.run(f"load {type(schema).__name__}")
    load_one: LoadOne = namespace["load_one"]
    return load_one, writer.source


class _Step:
    """Writes what one field does."""

    def __init__(self, writer: Writer, plan: FieldPlan, number: int, nested: NestedOne) -> None:
        self.writer = writer
        self.plan = plan
        self.number = number
        self.nested = nested
        self.found = None if plan.accept is not None else nested_of(plan.field)
        self.collection = None if plan.accept is not None or self.found else collection_loader(plan.field)

    def write(self) -> None:
        """Write the field's lines."""
        write, plan = self.writer, self.plan
        write.line(f"v = get({plan.key!r}, M)")
        word = "if"
        if plan.accept is not None:
            self._accept(plan.accept)
            word = "elif"
        elif self.found is not None:
            self._nest(self.found)
            word = "elif"
        elif self.collection is not None:
            self._collect(*self.collection)
            word = "elif"
        for head, body in self._absent():
            with write.block(f"{word} {head}:"):
                write.line(body)
            word = "elif"
        with write.block("else:"):
            name = self._bind("own", _own(plan))
            write.line(f"v = {name}(v, data, partial, store, index)")
            with write.block("if v is not M:"):
                self._store("v")

    def _bind(self, stem: str, value: Any) -> str:
        self.writer.set(f"{stem}_{self.number}", value)
        return f"{stem}_{self.number}"

    def _accept(self, accept: Accept) -> None:
        """Write the test, the conversion and the checks as one condition."""
        write = self.writer
        names = {name: self._bind(name, value) for name, value in accept.bound.items()}
        variable = "v" if accept.convert is None else "w"
        test = accept.test.format(**names)
        checks = " and ".join(check.format(w=variable, **names) for check in accept.checks)
        if accept.convert is None:
            condition = f"({test}) and {checks}" if checks else test
        else:
            write.line("w = M")
            with write.block(f"if {test}:"):
                with write.block("try:"):
                    write.line(f"w = {self._bind('convert', accept.convert)}(v)")
                with write.block("except (TypeError, ValueError, AttributeError):"):
                    write.line("pass")
            condition = f"w is not M and {checks}" if checks else "w is not M"
        with write.block(f"if {condition}:"):
            self._store(variable)

    def _nest(self, found: tuple[fields.Nested, bool]) -> None:
        """Write the loop or the call around a nested schema."""
        write = self.writer
        with write.block(f"if type(v) is {'list' if found[1] else 'dict'}:"):
            write_nested(write, self.number, self.plan.field, found, self.nested)
            with write.block("if failed is not None:"):
                write.line(f"store.store_error(failed, {self.plan.key!r}, index=index)")
            with write.block("if w is not M:"):
                self._store("w")

    def _collect(self, test: str, load: Callable[[Any, Any], Any]) -> None:
        """Write the call of what loads a list or a nested mapping."""
        write = self.writer
        write.set("ValidationError", ValidationError)
        with write.block(f"if {test}:"):
            with write.block("try:"):
                write.line(f"v = {self._bind('collect', load)}(v, partial)")
            with write.block("except ValidationError as error:"):
                write.line(f"store.store_error(error.messages, {self.plan.key!r}, index=index)")
                write.line("v = error.valid_data or M")
            with write.block("if v is not M:"):
                self._store("v")

    def _store(self, variable: str) -> None:
        target = self.plan.target
        if "." in target:
            self.writer.set("set_value", set_value)
            self.writer.line(f"set_value(result, {target!r}, {variable})")
        else:
            self.writer.line(f"result[{target!r}] = {variable}")

    def _absent(self) -> Iterator[tuple[str, str]]:
        """Yield the conditions under which an absent or null value needs no call, with what is done."""
        field, target = self.plan.field, self.plan.target
        plain = "deserialize" not in vars(field) or self.plan.accept is not None
        if not plain or not _is_plain(field):
            yield "v is M and partial is True", "pass"
            return
        if field.required:
            yield "v is M and partial is True", "pass"
        elif field.load_default is missing:
            yield "v is M", "pass"
        elif callable(field.load_default) or "." in target:
            yield "v is M and partial is True", "pass"
        else:
            name = self._bind("default", field.load_default)
            yield "v is M and partial is True", "pass"
            yield "v is M", f"result[{target!r}] = {name}"
        if field.allow_none and not field.pre_load and "." not in target:
            yield "v is None", f"result[{target!r}] = None"


def _is_plain(field: fields.Field[Any]) -> bool:
    """Whether absent and null values go marshmallow's plain way: nothing of it is overridden."""
    kind = type(field)
    return (
        kind.deserialize is fields.Field.deserialize
        and kind._validate_missing is fields.Field._validate_missing
        and "_validate_missing" not in vars(field)
    )


# what the generated code calls


def _own(plan: FieldPlan) -> Callable[..., Any]:
    """Return the field's own way: deserialize, and store what it raises (marshmallow's _call_and_store)."""
    field, key = plan.field, plan.key

    def own(value: Any, data: Any, partial: Any, store: Any, index: Any) -> Any:
        try:
            if partial is None:
                return field.deserialize(value, key, data)
            return field.deserialize(value, key, data, partial=partial)
        except ValidationError as error:
            store.store_error(error.messages, key, index=index)
            return error.valid_data or missing

    return own


def _whole(schema: Schema) -> Callable[..., Any]:
    def whole(data: Any, partial: Any, unknown: Any, store: Any, index: Any) -> Any:
        return schema._deserialize(data, error_store=store, many=False, partial=partial, unknown=unknown, index=index)

    return whole


def _unknown_keys(schema: Schema) -> Callable[..., None]:
    def unknown_keys(data: Any, result: Any, unknown: Any, store: Any, index: Any) -> None:
        known = {field.data_key if field.data_key is not None else name for name, field in schema.load_fields.items()}
        for key in set(data) - known:
            if unknown == INCLUDE:
                result[key] = data[key]
            elif unknown == RAISE:
                store.store_error([schema.error_messages["unknown"]], key, index)

    return unknown_keys
