"""Writes the dumper of a schema: one straight function for one object, with a branch for dicts and one for objects."""

from __future__ import annotations

import datetime as dt
import keyword
import math
import uuid
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, missing

from .plan import FieldPlan, Plan, dump_of
from .writer import Writer

__all__ = ["DumpOne", "NestedDump", "write_dumper"]

DumpOne = Callable[[Any], Any]
NestedDump = Callable[[Schema, bool], DumpOne]
"""Returns what dumps a nested schema: (schema, whether of many)."""
_DICT_NAMES = frozenset(dir(dict))

# What is written for a value that is just of this type; the same expression serves as the item of a list.
_FORMS: dict[str, tuple[str, str]] = {
    "str": ("type({v}) is str", "{v}"),
    "int": ("type({v}) is int", "{v}"),
    "float": ("type({v}) is float", "{v}"),
    "datetime": ("type({v}) is datetime", "{v}.isoformat()"),
    "date": ("type({v}) is date", "{v}.isoformat()"),
    "time": ("type({v}) is time", "{v}.isoformat()"),
    "uuid": ("type({v}) is UUID", "str({v})"),
    "same": ("True", "{v}"),
}
_FINITE = {
    "float": ("type({v}) is float and -1.7976931348623157e308 <= {v} <= 1.7976931348623157e308", "{v}"),
    "same": ("{v} is True or {v} is False or type({v}) is str or type({v}) is int", "{v}"),
}


def write_dumper(plan: Plan, nested: NestedDump, *, finite: bool = False) -> tuple[DumpOne, str]:
    """Write and make the dumper.

    Args:
        plan: Of the schema.
        nested: Returns what dumps a nested schema; it is called when the first value is there.
        finite: Whether a float that is no number of JSON raises ValueError.

    Returns:
        The function of one object, and its source.
    """
    writer = Writer()
    schema = plan.schema
    for name, value in (("M", missing), ("datetime", dt.datetime), ("date", dt.date), ("time", dt.time)):
        writer.set(name, value)
    writer.set("UUID", uuid.UUID)
    writer.set("whole", _finite_only(schema._serialize) if finite else schema._serialize)
    steps = [_Step(writer, each, number, schema, nested, finite=finite) for number, each in enumerate(plan.dump)]
    accessible = type(schema).get_attribute is Schema.get_attribute and "get_attribute" not in vars(schema)
    with writer.block("def dump_one(obj):"):
        if accessible:
            with writer.block("if type(obj) is dict:"):
                writer.line("result = {}")
                writer.line("get = obj.get")
                for step in steps:
                    step.write("dict")
                writer.line("return result")
            with writer.block("if not hasattr(obj, '__getitem__'):"):
                writer.line("result = {}")
                for step in steps:
                    step.write("object")
                writer.line("return result")
        writer.line("return whole(obj)")
    namespace = writer.run(f"dump {type(schema).__name__}")
    dump_one: DumpOne = namespace["dump_one"]
    return dump_one, writer.source


class _Step:
    """Writes what one field does."""

    def __init__(
        self,
        writer: Writer,
        plan: FieldPlan,
        number: int,
        schema: Schema,
        nested: NestedDump,
        *,
        finite: bool,
    ) -> None:
        self.writer = writer
        self.plan = plan
        self.number = number
        self.forms = {**_FORMS, **_FINITE} if finite else _FORMS
        self.finite = finite
        self.own = self._bind("own", self._guarded(plan.field._serialize))
        self.nested = nested
        self.schema = schema
        self.form = self._form(plan.field, plan.dump)

    def _bind(self, stem: str, value: Any) -> str:
        self.writer.set(f"{stem}_{self.number}", value)
        return f"{stem}_{self.number}"

    def _guarded(self, serialize: Callable[..., Any]) -> Callable[..., Any]:
        return _finite_only(serialize) if self.finite else serialize

    def write(self, source: str) -> None:
        """Write the field's lines for dicts or for objects."""
        write, plan = self.writer, self.plan
        attribute = plan.name if plan.field.attribute is None else plan.field.attribute
        if not self.form or "." in attribute:
            whole = self._bind("field", self._guarded(_whole_field(plan, self.schema)))
            write.line(f"v = {whole}(obj)")
            with write.block("if v is not M:"):
                write.line(f"result[{plan.key!r}] = v")
            return
        self._get(source, attribute)
        self._default()
        test, value = self.form
        with write.block("if v is not M:"):
            if test == "True":
                write.line(f"result[{plan.key!r}] = {value}")
                return
            with write.block(f"if {test}:"):
                write.line(f"result[{plan.key!r}] = {value}")
            with write.block("elif v is None:"):
                write.line(f"result[{plan.key!r}] = None")
            with write.block("else:"):
                write.line(f"result[{plan.key!r}] = {self.own}(v, {plan.name!r}, obj)")

    def _get(self, source: str, attribute: str) -> None:
        write = self.writer
        if source == "dict":
            write.line(f"v = get({attribute!r}, M)")
            if attribute in _DICT_NAMES:
                # marshmallow falls back to the attribute of the dict itself: its method of that name
                with write.block(f"if v is M and {attribute!r} not in obj:"):
                    write.line(f"v = obj.{attribute}")
        elif attribute.isascii() and attribute.isidentifier() and not keyword.iskeyword(attribute):
            with write.block("try:"):
                write.line(f"v = obj.{attribute}")
            with write.block("except AttributeError:"):
                write.line("v = M")
        else:
            write.line(f"v = getattr(obj, {attribute!r}, M)")

    def _default(self) -> None:
        default = self.plan.field.dump_default
        if default is missing:
            return
        name = self._bind("default", default)
        with self.writer.block("if v is M:"):
            self.writer.line(f"v = {name}()" if callable(default) else f"v = {name}")

    def _form(self, field: Any, kind: str) -> tuple[str, str] | None:
        """Return the test and the expression of a value that is written in line."""
        if kind in self.forms:
            test, value = self.forms[kind]
            return test.format(v="v"), value.format(v="v")
        if kind in ("enum_name", "enum_value"):
            what = "v.name" if kind == "enum_name" else "v.value"
            return f"type(v) is {self._bind('enum', field.enum)}", what
        if kind == "nested":
            return f"v is not None or new_{self.number}", f"{self._nested(field)}(v)"
        if kind == "list":
            return self._list(field.inner)
        return None

    def _nested(self, field: fields.Nested) -> str:
        """Bind what dumps by a nested schema: compiled when the first value is there, as it may nest this one.

        The first value may be None: marshmallow looks the schema up for it too, and tells what is wrong with it.
        """
        name, new = f"nested_{self.number}", f"new_{self.number}"

        def first(value: Any) -> Any:
            schema = field.schema
            dump = self.nested(schema, bool(schema.many or field.many))
            self.writer.set(name, dump)  # from now on the generated code calls it without this one between
            self.writer.set(new, False)
            return None if value is None else dump(value)

        self.writer.set(name, first)
        self.writer.set(new, True)
        return name

    def _list(self, inner: Any) -> tuple[str, str] | None:
        kind, _ = dump_of(inner)
        if kind == "nested":
            name = self._nested(inner)
            return "type(v) is list", f"[{name}(x) if x is not None or new_{self.number} else None for x in v]"
        if kind in self.forms:
            test, value = (text.format(v="x") for text in self.forms[kind])
            own = self._bind("inner", self._guarded(inner._serialize))
            if test == "True":
                return "type(v) is list", "[x for x in v]"
            return "type(v) is list", f"[{value} if {test} else {own}(x, {self.plan.name!r}, obj) for x in v]"
        return None


def _whole_field(plan: FieldPlan, schema: Schema) -> Callable[[Any], Any]:
    serialize, name, accessor = plan.field.serialize, plan.name, schema.get_attribute
    return lambda obj: serialize(name, obj, accessor=accessor)


def _finite_only(serialize: Callable[..., Any]) -> Callable[..., Any]:
    """Let marshmallow's own method answer, and refuse floats that JSON has no number for."""

    def checked(*arguments: Any) -> Any:
        written = serialize(*arguments)
        _refuse_infinite(written)
        return written

    return checked


def _refuse_infinite(value: Any) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("Out of range float values are not JSON compliant")
    elif isinstance(value, dict):
        for each in value.values():
            _refuse_infinite(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            _refuse_infinite(each)
