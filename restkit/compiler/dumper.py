"""Writes the dumper of a schema: one straight function for one object, with a branch for dicts and one for objects.

Either has two parts. The straight one reads each value, sees that it is what its field expects, and
ends with everything written at once. The first value that is something else leads to the other one,
which takes what was read so far and goes on field by field. So values are read, and fields' own
methods called, in marshmallow's order, and once.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, missing

from .plan import FieldPlan, Plan, dump_of
from .value_forms import PLAIN, Forms, json_name
from .writer import Writer

__all__ = ["DumpOne", "NestedDump", "write_dumper"]

DumpOne = Callable[[Any], Any]
Rest = Callable[[Any, float, dict[str, Any]], Any]
NestedDump = Callable[[Schema, bool], DumpOne]
"""Returns what dumps a nested schema: (schema, whether of many)."""
_DICT_NAMES = frozenset(dir(dict))


def write_dumper(
    plan: Plan, nested: NestedDump, forms: Forms = PLAIN, encode: Callable[[Any], str] = repr
) -> tuple[DumpOne, str]:
    """Write and make the dumper.

    Args:
        plan: Of the schema.
        nested: Returns what dumps a nested schema; it is called when the first value is there.
        forms: For which purpose. All but PLAIN demand a schema of which everything is certain (see
            `is_certain`).
        encode: Returns a value as JSON text, for what has no form in line; only text needs it.

    Returns:
        The function of one object, and its source.
    """
    writer, steps = _begin(plan, nested, forms, encode)
    kind = type(plan.schema)
    accessible = kind.get_attribute is Schema.get_attribute and "get_attribute" not in vars(
        plan.schema
    )
    with writer.block("def dump_one(obj):"):
        if accessible:
            with writer.block("if type(obj) is dict:"):
                _write_straight(writer, steps, "dict", forms)
            with writer.block("if not hasattr(obj, '__getitem__'):"):
                _write_straight(writer, steps, "object", forms)
        writer.line("return encode(whole(obj))" if forms.is_text else "return whole(obj)")

    def late(source: str) -> Rest:
        def rest(obj: Any, done: float, read: dict[str, Any]) -> Any:
            made = _write_rest(plan, nested, forms, encode, source)
            writer.set(
                f"rest_{source}", made
            )  # from now on the generated code calls it without this one between
            return made(obj, done, read)

        return rest

    for source in ("dict", "object"):
        writer.set(f"rest_{source}", late(source))
    namespace = writer.run(f"dump {kind.__name__} {forms.name}")
    dump_one: DumpOne = namespace["dump_one"]
    return dump_one, writer.source


def _begin(
    plan: Plan, nested: NestedDump, forms: Forms, encode: Callable[[Any], str]
) -> tuple[Writer, list[_Step]]:
    writer = Writer()
    for name, value in ({"M": missing, "encode": encode} | forms.names).items():
        writer.set(name, value)
    writer.set("whole", forms.checked(plan.schema._serialize))
    steps = [
        _Step(writer, each, number, plan.schema, nested, forms)
        for number, each in enumerate(plan.dump)
    ]
    return writer, steps


def _write_straight(writer: Writer, steps: list[_Step], source: str, forms: Forms) -> None:
    with writer.block("while True:"):  # it is left by what is not straight, and never repeated
        for step in steps:
            step.write_straight(source)
        writer.line(f"return {_together(steps, forms)}")
    writer.line(f"return rest_{source}(obj, n, locals())")


def _write_rest(
    plan: Plan, nested: NestedDump, forms: Forms, encode: Callable[[Any], str], source: str
) -> Rest:
    """Write the part that goes on field by field; PERF: most schemas never need it, and it is half of the source."""
    writer, steps = _begin(plan, nested, forms, encode)
    with writer.block("def rest(obj, n, read):"):
        writer.line("result = []" if forms.is_text else "result = {}")
        for step in steps:
            step.write_one_by_one(source)
        writer.line("return '{' + ','.join(result) + '}'" if forms.is_text else "return result")
    rest: Rest = writer.run(f"dump {type(plan.schema).__name__} {forms.name} from a {source}")[
        "rest"
    ]
    return rest


def _together(steps: list[_Step], forms: Forms) -> str:
    """Return the expression of all values that the straight part has read."""
    if not forms.is_text:
        return "{" + ", ".join(f"{step.plan.key!r}: v{step.number}" for step in steps) + "}"
    names = (json_name(step.plan.key).replace("{", "{{").replace("}", "}}") for step in steps)
    members = ",".join(f"{name}{{v{step.number}}}" for name, step in zip(names, steps, strict=True))
    return "f" + repr("{{" + members + "}}")


class _Step:
    """The writer of one field's part of the dumper."""

    def __init__(
        self,
        writer: Writer,
        plan: FieldPlan,
        number: int,
        schema: Schema,
        nested: NestedDump,
        forms: Forms,
    ) -> None:
        self.writer = writer
        self.plan = plan
        self.number = number
        self.schema = schema
        self.nested = nested
        self.forms = forms
        self.value = f"v{number}"
        self.attribute = plan.name if plan.field.attribute is None else plan.field.attribute
        self.own = self._bind("own", forms.checked(plan.field._serialize))
        readable = plan.reads and "." not in self.attribute
        self.form = self._form(plan.field, plan.dump) if readable else None
        self.whole = (
            "" if readable else self._bind("field", forms.checked(_whole_field(plan, schema)))
        )

    def _bind(self, stem: str, value: Any) -> str:
        self.writer.set(f"{stem}_{self.number}", value)
        return f"{stem}_{self.number}"

    # the two parts of a branch

    def write_straight(self, source: str) -> None:
        """Write how the value is read and made what is written, and where the straight part is left."""
        write, value = self.writer, self.value
        if self.form is None:
            self._write_own(source)
            with write.block(f"if {value} is M:"):
                self._leave(
                    f"{self.number}.5"
                )  # there is nothing to write; the next value has not been read
            if self.forms.is_text:
                write.line(f"{value} = encode({value})")
            return
        self._read(source)
        test, made = self.form
        if made == value and self.forms.null == "None":
            absent = (
                f"{value} is M"
                if test == f"{value} is not M"
                else f"not ({test}) and {value} is not None"
            )
            with write.block(f"if {absent}:"):
                self._leave(self.number)
            return
        with write.block(f"if {test}:"):
            write.line(f"{value} = {made}")
        if self.forms.null == "None":
            with write.block(f"elif {value} is not None:"):
                self._leave(self.number)
            return
        with write.block(f"elif {value} is None:"):
            write.line(f"{value} = {self.forms.null}")
        with write.block("else:"):
            self._leave(self.number)

    def _leave(self, number: int | str) -> None:
        """Leave the straight part: fields of a lower number are done, the value of just this number has been read."""
        self.writer.line(f"n = {number}")
        self.writer.line("break")

    def write_one_by_one(self, source: str) -> None:
        """Write the same for any value, as the straight part was left somewhere."""
        write, value = self.writer, self.value
        with write.block(f"if n >= {self.number}:"):
            write.line(f"{value} = read[{value!r}]")
        with write.block(f"if n > {self.number}:"):
            if self.form is None:
                with write.block(f"if {value} is not M:"):
                    self._put(value)
            else:
                self._put(value)
        with write.block("else:"):
            if self.form is None:
                self._write_own(source)
                with write.block(f"if {value} is not M:"):
                    self._put(f"encode({value})" if self.forms.is_text else value)
                return
            with write.block(f"if n < {self.number}:"):
                self._read(source)
            self._write_any(*self.form)

    def _write_any(self, test: str, made: str) -> None:
        write, value = self.writer, self.value
        with write.block(f"if {test}:"):
            self._put(made)
        with write.block(f"elif {value} is None:"):
            self._put(self.forms.null)
        with write.block(f"elif {value} is not M:"):
            write.line(f"{value} = {self.own}({value}, {self.plan.name!r}, obj)")
            with write.block(f"if {value} is not M:"):
                self._put(f"encode({value})" if self.forms.is_text else value)

    def _put(self, made: str) -> None:
        key = self.plan.key
        if self.forms.is_text:
            self.writer.line(f"result.append({json_name(key)!r} + ({made}))")
        else:
            self.writer.line(f"result[{key!r}] = {made}")

    # reading

    def _write_own(self, source: str) -> None:
        """Write how the field's own method makes the value: of what was read, or with its own reading."""
        value = self.value
        if self.whole:
            self.writer.line(f"{value} = {self.whole}(obj)")
            return
        self._read(source)
        with self.writer.block(f"if {value} is not M:"):
            self.writer.line(f"{value} = {self.own}({value}, {self.plan.name!r}, obj)")

    def _read(self, source: str) -> None:
        write, value, attribute = self.writer, self.value, self.attribute
        if source == "dict":
            error, read = "KeyError", f"obj[{attribute!r}]"
            # marshmallow falls back to the attribute of the dict itself: its method of that name
            absent = f"obj.{attribute}" if attribute in _DICT_NAMES else "M"
        else:
            plain = (
                attribute.isascii()
                and attribute.isidentifier()
                and not keyword.iskeyword(attribute)
            )
            error, read, absent = "AttributeError", f"obj.{attribute}", "M"
            if not plain:
                write.line(f"{value} = getattr(obj, {attribute!r}, M)")
                self._default()
                return
        with write.block("try:"):
            write.line(f"{value} = {read}")
        with write.block(f"except {error}:"):
            write.line(f"{value} = {absent}")
        self._default()

    def _default(self) -> None:
        default = self.plan.field.dump_default
        if default is missing:
            return
        name = self._bind("default", default)
        with self.writer.block(f"if {self.value} is M:"):
            self.writer.line(
                f"{self.value} = {name}()" if callable(default) else f"{self.value} = {name}"
            )

    # forms

    def _form(self, field: Any, kind: str) -> tuple[str, str] | None:
        """Return the test and the expression of a value that is written in line."""
        if kind == "nested":
            made = self._nested(field)
            return f"{self.value} is not M", self._dumped(made, self.value)
        if kind == "list":
            return self._list(field.inner)
        if kind in self.forms.kinds:
            return self._expressions(field, kind, self.value)
        return None

    def _expressions(self, field: Any, kind: str, value: str) -> tuple[str, str]:
        enum = self._bind("enum", field.enum) if kind.startswith("enum") else ""
        test, made = self.forms.kinds[kind]
        return test.format(v=value, enum=enum), made.format(v=value)

    def _nested(self, field: fields.Nested) -> str:
        """Bind what dumps by a nested schema: compiled when the first value is there, as it may nest this one.

        The first value may be None: marshmallow looks the schema up for it too, and tells what is
        wrong with it.
        """
        name, new = f"nested_{self.number}", f"new_{self.number}"
        null = "null" if self.forms.is_text else None

        def first(value: Any) -> Any:
            schema = field.schema
            dump = self.nested(schema, bool(schema.many or field.many))
            self.writer.set(
                name, dump
            )  # from now on the generated code calls it without this one between
            self.writer.set(new, False)
            return null if value is None else dump(value)

        self.writer.set(name, first)
        self.writer.set(new, True)
        return name

    def _dumped(self, name: str, value: str) -> str:
        return f"{name}({value}) if {value} is not None or new_{self.number} else {self.forms.null}"

    def _list(self, inner: Any) -> tuple[str, str] | None:
        kind, _ = dump_of(inner)
        if kind == "nested":
            item = self._dumped(self._nested(inner), "x")
        elif kind in self.forms.kinds:
            test, made = self._expressions(inner, kind, "x")
            own = f"{self._bind('inner', self.forms.checked(inner._serialize))}(x, {self.plan.name!r}, obj)"
            own = f"encode({own})" if self.forms.is_text else own
            item = "x" if kind == "same" else f"({made}) if {test} else {own}"
        else:
            return None
        made = f"[{item} for x in {self.value}]"
        return (
            f"type({self.value}) is list",
            f"'[' + ','.join({made}) + ']'" if self.forms.is_text else made,
        )


def _whole_field(plan: FieldPlan, schema: Schema) -> Callable[[Any], Any]:
    serialize, name, accessor = plan.field.serialize, plan.name, schema.get_attribute
    return lambda obj: serialize(name, obj, accessor=accessor)
